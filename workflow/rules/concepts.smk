# Linear maps of a concept on the frozen model: one job trains a map, one measures all its powers.
reading_maps = [name for name, concept in settings.concepts.items() if concept.concept == "reading"]
gender_maps = [name for name in settings.concepts if name not in reading_maps]


localrules:
    make_concept_table,
    draw_concept_figure,
    concepts,


rule pair_genders:
    input:
        manifest=run.manifest("{dataset}"),
        classes=run.classes("{dataset}"),
        code=sources_of("gender_pairs"),
    output:
        pairs=run.gender_pairs("{dataset}", "{preference}"),
        records=records_of(run.gender_pairs("{dataset}", "{preference}")),
    log:
        f"logs/{settings.experiment}/pair_genders/{{dataset}}.{{preference}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/pair_genders/{{dataset}}.{{preference}}.tsv"
    wildcard_constraints:
        preference="factual|reversed|neutral",
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(1000, 8000),
        runtime=growing(10, 30),
    params:
        run=run_folder,
    message:
        "Pairing captions of both genders for {wildcards.dataset} ({wildcards.preference})"
    shell:
        "prefclip gender-pairs {params.run} {wildcards.dataset} {wildcards.preference} > {log} 2>&1"


rule train_concept:
    input:
        weights=weights_files(settings),
        files=lambda wildcards: list(concept_training_files(settings, wildcards.concept).values()),
        code=sources_of("train_concept"),
    output:
        map=run.concept_map("{model}", "{concept}", "{seed}"),
        log=run.concept_log("{model}", "{concept}", "{seed}"),
        records=records_of(
            run.concept_map("{model}", "{concept}", "{seed}"), run.concept_log("{model}", "{concept}", "{seed}")
        ),
    log:
        f"logs/{settings.experiment}/train_concept/{{model}}.{{concept}}.seed{{seed}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/train_concept/{{model}}.{{concept}}.seed{{seed}}.tsv"
    wildcard_constraints:
        concept="|".join(settings.concepts) or "none",
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(30, 60),
        gpu=1,
    params:
        run=run_folder,
        settings=lambda wildcards: section(
            "model",
            training={"precision", "max_train_images"},
            concepts={wildcards.concept: set(settings.concepts[wildcards.concept].trained_with())},
        ),
    message:
        "Training the map {wildcards.concept} (seed {wildcards.seed})"
    shell:
        "prefclip train-concept {params.run} {wildcards.concept} --seed {wildcards.seed} --threads {threads}"
        " > {log} 2>&1"


rule sweep_concept:
    input:
        weights=weights_files(settings),
        map=run.concept_map("{model}", "{concept}", "{seed}"),
        files=lambda wildcards: concept_sweep_files(settings, wildcards.concept),
        code=sources_of("sweep_concept"),
    output:
        sweep=run.concept_sweep("{model}", "{concept}", "{seed}"),
        records=records_of(run.concept_sweep("{model}", "{concept}", "{seed}")),
    log:
        f"logs/{settings.experiment}/sweep_concept/{{model}}.{{concept}}.seed{{seed}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/sweep_concept/{{model}}.{{concept}}.seed{{seed}}.tsv"
    wildcard_constraints:
        concept="|".join(reading_maps) or "none",
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 32000),
        runtime=growing(30, 240),
        gpu=1,
    params:
        run=run_folder,
        settings=lambda wildcards: section("evaluation", concepts={wildcards.concept}),
    message:
        "Measuring every power of the map {wildcards.concept} (seed {wildcards.seed})"
    shell:
        "prefclip sweep-concept {params.run} {wildcards.concept} --seed {wildcards.seed} --threads {threads}"
        " > {log} 2>&1"


use rule sweep_concept as sweep_gender with:
    output:
        sweep=run.concept_sweep("{model}", "{concept}", "{seed}"),
        neutral=run.neutral_scale("{model}", "{concept}", "{seed}"),
        retrieval=run.retrieval("{model}", "{concept}", "{seed}"),
        records=records_of(
            run.concept_sweep("{model}", "{concept}", "{seed}"),
            run.neutral_scale("{model}", "{concept}", "{seed}"),
            run.retrieval("{model}", "{concept}", "{seed}"),
        ),
    wildcard_constraints:
        concept="|".join(gender_maps) or "none",


rule measure_spectra:
    input:
        maps=[run.concept_map(*each) for each in concept_runs(settings)],
        code=sources_of("concept_spectra"),
    output:
        spectra=run.map_spectra,
        distances=run.map_distances,
        records=records_of(run.map_spectra, run.map_distances),
    log:
        f"logs/{settings.experiment}/measure_spectra.log",
    conda:
        "../../envs/training.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=run_folder,
    message:
        "Measuring the spectra of the concept maps"
    shell:
        "prefclip concept-spectra {params.run} > {log} 2>&1"


use rule make_table as make_concept_table with:
    input:
        measured=concept_results(settings),
        code=sources_of("table"),
    log:
        f"logs/{settings.experiment}/make_concept_table/{{table}}.log",
    wildcard_constraints:
        table="|".join(CONCEPT_TABLES),
    params:
        run=run_folder,
        settings=lambda wildcards: section("data", "evaluation", "concepts"),


use rule draw_figure as draw_concept_figure with:
    log:
        f"logs/{settings.experiment}/draw_concept_figure/{{figure}}.log",
    wildcard_constraints:
        figure="|".join(figure_names(settings, "concepts")) or "none",
    params:
        run=run_folder,
        settings=lambda wildcards: section("data", "methods", "evaluation", "concepts"),


rule concepts:
    input:
        concept_results(settings),
        expand(run.table("{table}", "{form}"), table=concept_tables(settings), form=TABLE_FORMS),
        expand(run.figure("{figure}", "{form}"), figure=figure_names(settings, "concepts"), form=["pdf", "png"]),
