# Preference pairs: on the attacked picture the true name is preferred, the written one rejected.


rule build_pairs:
    input:
        manifest=run.manifest("{dataset}"),
        attacked_manifest=run.attacked_manifest("{dataset}"),
        code=sources_of("pairs"),
    output:
        preferences=run.preferences("{dataset}"),
        records=records_of(run.preferences("{dataset}")),
    log:
        f"logs/{settings.experiment}/build_pairs/{{dataset}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/build_pairs/{{dataset}}.tsv"
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=growing(1000, 8000),
        runtime=growing(10, 30),
    params:
        run=run_folder,
        words="",
    message:
        "Pairing clean and attacked pictures of {wildcards.dataset}"
    shell:
        "prefclip pairs {params.run} {wildcards.dataset} {params.words} > {log} 2>&1"
