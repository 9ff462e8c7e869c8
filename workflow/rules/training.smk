# Preference optimisation: one job for each method and seed. Embeddings of the frozen reference are computed once.


rule cache_reference:
    input:
        weights=weights_files(settings),
        preferences=run.preferences("{dataset}"),
        images=run.images("{dataset}"),
        attacked_images=run.attacked_images("{dataset}"),
        code=sources_of("reference"),
    output:
        reference=run.reference("{model}", "{dataset}"),
        records=records_of(run.reference("{model}", "{dataset}")),
    log:
        f"logs/{settings.experiment}/cache_reference/{{model}}.{{dataset}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/cache_reference/{{model}}.{{dataset}}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(60, 120),
        gpu=1,
    params:
        run=run_folder,
        words="",
        settings=lambda wildcards: section("model", training={"precision"}),
    message:
        "Embedding {wildcards.dataset} with the reference model {wildcards.model}"
    shell:
        "prefclip reference {params.run} {params.words} --threads {threads} > {log} 2>&1"


rule train_policy:
    input:
        unpack(inputs_of_training),
        clip_check=[ancient(path) for path in clip_checks(settings)],
        weights=weights_files(settings),
        code=sources_of("train"),
    output:
        raw=run.checkpoint("{model}", "{method}", "{seed}", "raw"),
        averaged=run.checkpoint("{model}", "{method}", "{seed}", "averaged"),
        log=report(
            run.training_log("{model}", "{method}", "{seed}"),
            caption="../report/training_log.rst",
            category="Training",
            labels={"method": "{method}", "seed": "{seed}"},
        ),
        speed=run.training_speed("{model}", "{method}", "{seed}"),
        records=records_of(
            run.checkpoint("{model}", "{method}", "{seed}", "raw"),
            run.checkpoint("{model}", "{method}", "{seed}", "averaged"),
            run.training_log("{model}", "{method}", "{seed}"),
            run.training_speed("{model}", "{method}", "{seed}"),
        ),
    log:
        f"logs/{settings.experiment}/train_policy/{{model}}.{{method}}.seed{{seed}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/train_policy/{{model}}.{{method}}.seed{{seed}}.tsv"
    wildcard_constraints:
        method="|".join(averaged_methods) or "none",
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
        settings=lambda wildcards: section("training", "model", method=wildcards.method),
    message:
        "Training {wildcards.method} (seed {wildcards.seed}) on {settings.data.train}"
    shell:
        "{params.launch}prefclip train {params.run} {wildcards.method} --seed {wildcards.seed} --threads {threads}"
        " > {log} 2>&1"


use rule train_policy as train_policy_without_averaging with:
    output:
        raw=run.checkpoint("{model}", "{method}", "{seed}", "raw"),
        log=report(
            run.training_log("{model}", "{method}", "{seed}"),
            caption="../report/training_log.rst",
            category="Training",
            labels={"method": "{method}", "seed": "{seed}"},
        ),
        speed=run.training_speed("{model}", "{method}", "{seed}"),
        records=records_of(
            run.checkpoint("{model}", "{method}", "{seed}", "raw"),
            run.training_log("{model}", "{method}", "{seed}"),
            run.training_speed("{model}", "{method}", "{seed}"),
        ),
    wildcard_constraints:
        method="|".join(other_methods) or "none",
