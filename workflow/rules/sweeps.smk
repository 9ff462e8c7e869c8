# Sweeps and ablations: the main methods with one setting changed. `snakemake ablations` makes them, `all` does not.
# Their points are trained and scored by the rules of the main run, as methods of names of their own.
ABLATION_RESULTS = [
    *expand(run.table("{table}", "{form}"), table=SWEEP_TABLES, form=TABLE_FORMS),
    *expand(run.figure("{figure}", "{form}"), figure=figure_names(settings, "ablations"), form=["pdf", "png"]),
]


localrules:
    make_sweep_table,
    draw_sweep_figure,
    ablations,


use rule synthesise_attacks as synthesise_words with:
    output:
        images=run.attacked_images("{dataset}", words=True),
        manifest=run.attacked_manifest("{dataset}", words=True),
        records=records_of(run.attacked_images("{dataset}", words=True), run.attacked_manifest("{dataset}", words=True)),
    log:
        f"logs/{settings.experiment}/synthesise_words/{{dataset}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/synthesise_words/{{dataset}}.tsv"
    params:
        run=run_folder,
        words="--words",
        stack=settings.further_words,
        settings=lambda wildcards: section("attack"),
    message:
        "Writing further misleading words on training images of {wildcards.dataset}"


use rule build_pairs as pair_words with:
    input:
        manifest=run.manifest("{dataset}"),
        attacked_manifest=run.attacked_manifest("{dataset}", words=True),
        code=sources_of("pairs"),
    output:
        preferences=run.preferences("{dataset}", words=True),
        records=records_of(run.preferences("{dataset}", words=True)),
    log:
        f"logs/{settings.experiment}/pair_words/{{dataset}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/pair_words/{{dataset}}.tsv"
    params:
        run=run_folder,
        words="--words",


use rule cache_reference as cache_words_reference with:
    input:
        weights=weights_files(settings),
        preferences=run.preferences("{dataset}", words=True),
        images=run.images("{dataset}"),
        attacked_images=run.attacked_images("{dataset}", words=True),
        code=sources_of("reference"),
    output:
        reference=run.reference("{model}", "{dataset}", words=True),
        records=records_of(run.reference("{model}", "{dataset}", words=True)),
    log:
        f"logs/{settings.experiment}/cache_words_reference/{{model}}.{{dataset}}.log",
    benchmark:
        f"benchmarks/{settings.experiment}/cache_words_reference/{{model}}.{{dataset}}.tsv"
    params:
        run=run_folder,
        words="--words",
        settings=lambda wildcards: section("model", training={"precision"}),


use rule make_table as make_sweep_table with:
    input:
        predictions=[run.predictions(*each) for each in sweep_runs(settings)],
        metrics=[run.metrics(*each) for each in sweep_runs(settings)],
        code=sources_of("table"),
    log:
        f"logs/{settings.experiment}/make_sweep_table/{{table}}.log",
    wildcard_constraints:
        table="|".join(SWEEP_TABLES),
    params:
        run=run_folder,
        settings=lambda wildcards: section("data", "methods", "evaluation", "sweeps"),


use rule draw_figure as draw_sweep_figure with:
    log:
        f"logs/{settings.experiment}/draw_sweep_figure/{{figure}}.log",
    wildcard_constraints:
        figure="|".join(figure_names(settings, "ablations")) or "none",
    params:
        run=run_folder,
        settings=lambda wildcards: section("data", "methods", "evaluation", "sweeps"),


rule ablations:
    input:
        ABLATION_RESULTS,
        run.ablations_report,
