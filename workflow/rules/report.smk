# The browsable report, and beside it the lineage graph, which an audit draws and which therefore has no record.


localrules:
    build_report,


rule build_report:
    input:
        rules.tables.input,
        rules.figures.input,
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
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        run=run_folder,
        settings=lambda wildcards: section(*type(settings).model_fields),
    message:
        "Building the report"
    shell:
        "prefclip report {params.run} > {log} 2>&1 && prefclip audit report {params.run} >> {log} 2>&1"
