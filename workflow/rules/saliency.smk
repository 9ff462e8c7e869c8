# Where models look: one job explains the images under all seeds of a method, for its imports take as long as one seed.


rule measure_saliency:
    input:
        weights=weights_files(settings),
        checkpoints=explained_checkpoints,
        images=run.attacked_set(saliency_dataset(settings)),
        code=sources_of("saliency"),
    output:
        scores=run.saliency("{model}", "{method}"),
        maps=run.saliency_maps("{model}", "{method}"),
        records=records_of(run.saliency("{model}", "{method}"), run.saliency_maps("{model}", "{method}")),
    log:
        f"logs/{settings.experiment}/measure_saliency/{{model}}.{{method}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/measure_saliency/{{model}}.{{method}}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(60, 240),
        gpu=1,
    params:
        run=run_folder,
        settings=lambda wildcards: section("saliency", "evaluation"),
    message:
        "Measuring where {wildcards.method} looks on {params.run}"
    shell:
        "prefclip saliency {params.run} {wildcards.method} --threads {threads} > {log} 2>&1"
