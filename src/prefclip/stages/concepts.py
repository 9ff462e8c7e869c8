"""Linear maps of a concept on the frozen model: their pairs, training, powers and spectra."""

from typing import Annotated

import typer

from prefclip.layout import RunLayout, concept_runs, concept_sweep_files, concept_training_files, weights_files
from prefclip.stages.options import Dataset, Run, Seed, Threads

Concept = Annotated[str, typer.Argument(help="name of a concept map of the run")]


def gender_pairs(
    run: Run, dataset: Dataset, preference: Annotated[str, typer.Argument(help="factual, reversed or neutral")]
) -> None:
    """Pair the captions of both genders for every picture of a woman or a man."""
    from prefclip.lineage.recording import recorded
    from prefclip.preferences.gender_pairs import gender_pairs as pair_captions

    layout = RunLayout(str(run))
    inputs = [layout.manifest(dataset), layout.classes(dataset)]
    output = layout.gender_pairs(dataset, preference)
    wildcards = {"dataset": dataset, "preference": preference}
    with recorded("gender_pairs", inputs=inputs, outputs=[output], wildcards=wildcards):
        pair_captions(*inputs, output, preference)


def train_concept(run: Run, concept: Concept, seed: Seed = 0, threads: Threads = 1) -> None:
    """Train the linear map of one concept; the model stays as it is."""
    from prefclip.lineage.recording import recorded
    from prefclip.training.concept_training import train_gender_map, train_reading_map

    layout = RunLayout(str(run))
    config = layout.read_config()
    settings, model = config.concept(concept), config.model.key
    files = concept_training_files(config, concept)
    out_map, out_log = layout.concept_map(model, concept, seed), layout.concept_log(model, concept, seed)
    train = train_reading_map if settings.concept == "reading" else train_gender_map
    with recorded(
        "train_concept",
        inputs=[*files.values(), *weights_files(config)],
        outputs=[out_map, out_log],
        config=layout.config,
        keys=[
            "model",
            "training.precision",
            "training.max_train_images",
            *(f"concepts.{concept}.{key}" for key in settings.trained_with()),
        ],
        seed=seed,
        wildcards={"model": model, "concept": concept, "seed": seed},
    ):
        train(config, settings, seed, **files, out_map=out_map, out_log=out_log, threads=threads)


def sweep_concept(run: Run, concept: Concept, seed: Seed = 0, threads: Threads = 1) -> None:
    """Measure the map of one concept at every power t; for gender, find the neutral t too."""
    from prefclip.evaluation.concept_sweep import sweep_reading
    from prefclip.evaluation.gender_sweep import sweep_gender
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    config = layout.read_config()
    settings, model = config.concept(concept), config.model.key
    which, dataset = (model, concept, seed), config.concept_dataset(concept)
    named = {"concept_map": layout.concept_map(*which), "out_sweep": layout.concept_sweep(*which)}
    outputs = [named["out_sweep"]]
    if settings.concept == "gender":
        outputs += [layout.neutral_scale(*which), layout.retrieval(*which)]
    with recorded(
        "sweep_concept",
        inputs=[named["concept_map"], *concept_sweep_files(config, concept), *weights_files(config)],
        outputs=outputs,
        config=layout.config,
        keys=["evaluation", "model", "data", f"concepts.{concept}"],
        seed=seed,
        wildcards={"model": model, "concept": concept, "seed": seed},
    ):
        if settings.concept == "reading":
            folders = {name: run / name for name in ("classes", "images", "manifests")}
            sweep_reading(config, settings, concept, seed, **named, **folders, threads=threads)
        else:
            sweep_gender(
                config,
                settings,
                concept,
                seed,
                **named,
                manifest=layout.manifest(dataset),
                images=layout.images(dataset),
                classes=layout.classes(dataset),
                out_neutral=layout.neutral_scale(*which),
                out_retrieval=layout.retrieval(*which),
                threads=threads,
            )


def concept_spectra(run: Run) -> None:
    """Measure how far every concept map is from the identity, and in how many directions."""
    from prefclip.evaluation.map_spectrum import measure_spectra
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    maps = {
        (name, seed): layout.concept_map(model, name, seed) for model, name, seed in concept_runs(layout.read_config())
    }
    outputs = [layout.map_spectra, layout.map_distances]
    with recorded("concept_spectra", inputs=list(maps.values()), outputs=outputs):
        measure_spectra(maps, *outputs)
