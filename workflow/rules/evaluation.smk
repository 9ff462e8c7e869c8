# One job evaluates all data sets of one model, so that torch is imported once.


localrules:
    check_clip,


rule evaluate_model:
    input:
        weights=weights_files(settings),
        checkpoints=checkpoints,
        images=scored_images,
        code=sources_of("evaluate"),
    output:
        predictions=run.predictions("{model}", "{method}", "{seed}"),
        records=records_of(run.predictions("{model}", "{method}", "{seed}")),
    log:
        f"logs/{settings.experiment}/evaluate_model/{{model}}.{{method}}.seed{{seed}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/evaluate_model/{{model}}.{{method}}.seed{{seed}}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(120, 240),
        gpu=1,
    params:
        run=run_folder,
        launch=launcher_of,
        settings=lambda wildcards: section("evaluation"),
    message:
        "Evaluating {wildcards.method} (seed {wildcards.seed}) on its data sets"
    shell:
        "{params.launch}prefclip evaluate {params.run} {wildcards.method} --seed {wildcards.seed} --threads {threads}"
        " > {log} 2>&1"


# A broken data path shows in the untouched CLIP; the trainings wait for this, before GPU hours are spent on it.
rule check_clip:
    input:
        predictions=run.predictions(settings.model.key, "clip", 0),
        published=published_file("open_clip_zero_shot"),
        code=sources_of("check_clip"),
    output:
        report=run.clip_check,
        records=records_of(run.clip_check),
    log:
        f"logs/{settings.experiment}/check_clip.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=run_folder,
        settings=lambda wildcards: section("model", "data", "reading", "evaluation"),
    message:
        "Comparing the untouched CLIP with published accuracies"
    shell:
        "prefclip check-clip {params.run} > {log} 2>&1"
