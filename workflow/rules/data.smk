# Raw data: checked against their published sha256, then decoded into one memory-mapped file per data set.


localrules:
    check_sources,
    obtain_dataset,


rule check_sources:
    input:
        checksums=f"{settings.data.root}/checksums.json",
        shipped=shipped_files(Path(settings.data.root)),
        code=sources_of("fetch"),
    output:
        found=run.sources,
        records=records_of(run.sources),
    log:
        f"logs/{settings.experiment}/check_sources.log",
    conda:
        "../../envs/data.yaml"
    params:
        run=run_folder,
    message:
        "Checking the raw data against {input.checksums}"
    shell:
        "prefclip fetch {params.run} > {log} 2>&1"


rule obtain_dataset:
    input:
        listed=lambda wildcards: listed_files(wildcards.dataset),
        code=sources_of("obtain"),
    output:
        found=run.source("{dataset}"),
        records=records_of(run.source("{dataset}")),
    log:
        f"logs/{settings.experiment}/obtain_dataset/{{dataset}}.log",
    conda:
        "../../envs/data.yaml"
    params:
        run=run_folder,
        root=lambda wildcards: settings.data.root,
    message:
        "Fetching and checking {wildcards.dataset}"
    shell:
        "prefclip obtain {params.run} {wildcards.dataset} > {log} 2>&1"


rule build_manifest:
    input:
        sources=lambda wildcards: checked_sources(settings, wildcards.dataset),
        shipped=shipped_files(Path(settings.data.root)),
        listed=lambda wildcards: listed_files(wildcards.dataset),
        code=sources_of("manifest"),
    output:
        images=run.images("{dataset}"),
        manifest=run.manifest("{dataset}"),
        classes=run.classes("{dataset}"),
        records=records_of(run.images("{dataset}"), run.manifest("{dataset}"), run.classes("{dataset}")),
    log:
        f"logs/{settings.experiment}/build_manifest/{{dataset}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/build_manifest/{{dataset}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(30, 240),
    params:
        run=run_folder,
        settings=lambda wildcards: section("reading", **image_settings(settings, wildcards.dataset)),
    message:
        "Building images and manifest of {wildcards.dataset}"
    shell:
        "prefclip manifest {params.run} {wildcards.dataset} --workers {threads} > {log} 2>&1"
