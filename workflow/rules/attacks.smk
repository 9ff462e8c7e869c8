# A misleading word drawn on every picture; one seed per picture.


rule synthesise_attacks:
    input:
        images=run.images("{dataset}"),
        manifest=run.manifest("{dataset}"),
        classes=run.classes("{dataset}"),
        code=sources_of("attacks"),
    output:
        images=run.attacked_images("{dataset}"),
        manifest=run.attacked_manifest("{dataset}"),
        records=records_of(run.attacked_images("{dataset}"), run.attacked_manifest("{dataset}")),
    log:
        f"logs/{settings.experiment}/synthesise_attacks/{{dataset}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/synthesise_attacks/{{dataset}}.tsv"
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(60, 240),
    params:
        run=run_folder,
        words="",
        settings=lambda wildcards: section("attack"),
    message:
        "Writing misleading words on {wildcards.dataset}"
    shell:
        "prefclip attacks {params.run} {wildcards.dataset} {params.words} --workers {threads} > {log} 2>&1"
