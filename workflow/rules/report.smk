# The browsable report, the page of the ablations, and beside them the lineage graph, which an audit draws and which
# therefore has no record.


localrules:
    build_report,
    build_ablations_page,


rule explore_images:
    input:
        weights=weights_files(settings),
        checkpoints=list(filter(None, explored_checkpoints(settings, run).values())),
        images=[path for dataset in settings.attacked_datasets for path in run.attacked_set(dataset)],
        code=sources_of("explore"),
    output:
        explorer=run.explorer,
        records=records_of(run.explorer),
    log:
        f"logs/{settings.experiment}/explore_images.log",
    benchmark:
        f"benchmarks/{settings.experiment}/explore_images.tsv"
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 16000),
        runtime=growing(30, 60),
        gpu=1,
    params:
        run=run_folder,
        settings=lambda wildcards: section("methods", "seeds", "evaluation"),
    message:
        "Asking every method about a few pictures"
    shell:
        "prefclip explore {params.run} --threads {threads} > {log} 2>&1"


rule build_report:
    input:
        rules.tables.input,
        rules.figures.input,
        rules.concepts.input,
        explorer=rules.explore_images.output.explorer,
        summary=rules.summarise_metrics.output.summary,
        code=sources_of("report"),
    output:
        page=run.report,
        records=records_of(run.report),
    log:
        f"logs/{settings.experiment}/build_report.log",
    benchmark:
        f"benchmarks/{settings.experiment}/build_report.tsv"
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        run=run_folder,
        which="",
        settings=lambda wildcards: section(*type(settings).model_fields),
    message:
        "Building the report"
    shell:
        "prefclip report {params.run} {params.which} > {log} 2>&1 && prefclip audit report {params.run} >> {log} 2>&1"


use rule build_report as build_ablations_page with:
    input:
        ABLATION_RESULTS,
        code=sources_of("report"),
    output:
        page=run.ablations_report,
        records=records_of(run.ablations_report),
    log:
        f"logs/{settings.experiment}/build_ablations_page.log",
    benchmark:
        f"benchmarks/{settings.experiment}/build_ablations_page.tsv"
    params:
        run=run_folder,
        which="--ablations",
        settings=lambda wildcards: section(*type(settings).model_fields),
    message:
        "Building the page of the ablations"
