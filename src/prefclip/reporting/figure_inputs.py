"""The files that each figure is drawn from; light enough for the Snakefile to ask."""

from prefclip.config import Config, method_names
from prefclip.datasets.card_files import word_removed
from prefclip.run.files import RunFiles
from prefclip.run.plan import SWEEP_TABLES, concept_runs, method_runs, saliency_dataset, trained_runs

EVERY_RUN = ("attack_examples", "accuracy_bars", "training_curves", "retention_boxes")
SALIENCY = ("saliency_grid", "saliency_shares")
PHOTOGRAPHS = "photographs"
EXAMPLES = 4
# Figures of the sweeps by the key that is varied, drawn from the table of the sweeps; and the one from predictions.
SWEEP_CURVES = {
    "sweep_beta": "beta",
    "sweep_regulariser": "regulariser_weight",
    "sweep_size": "max_train_images",
    "sweep_words": "words",
}
RETENTION_BY_BETA = "retention_by_beta"
# Tables and figures that only `snakemake ablations` makes.
ABLATIONS = frozenset({*SWEEP_TABLES, *SWEEP_CURVES, RETENTION_BY_BETA})
# Figures of the maps of each concept; those about bias show the first gender map.
CONCEPT_FIGURES = {
    "reading": ("concept_sweep",),
    "gender": ("gender_sweep", "occupation_gap", "skew_over_k", "retrieval_grid"),
}
MAP_SPECTRUM = "map_spectrum"


def figure_inputs(config: Config, layout: RunFiles, name: str) -> list[str]:
    """Return the inputs of the figure ``name``, in a fixed order; an unknown name has none."""
    model = config.model.key
    if name == "saliency_shares":
        return [layout.saliency(model, method) for method in method_names(config)]
    if name == "saliency_grid":
        maps = [layout.saliency_maps(model, method) for method in grid_methods(config)]
        return maps + layout.attacked_set(saliency_dataset(config))
    if name == PHOTOGRAPHS:
        kinds = (layout.images, layout.manifest, layout.classes)
        sets = [path(dataset) for dataset in photograph_sets(config) for path in kinds]
        return [*(layout.predictions(*run) for run in first_runs(config)), *sets]
    if name == "training_curves":
        return [layout.training_log(*run) for run in trained_runs(config)]
    if name in SWEEP_CURVES:
        return [layout.table("sweeps", "csv")]
    if name == RETENTION_BY_BETA:
        points = [point for point in config.grid_points if point.vary == "beta"]
        runs = [(config.model.key, point.name, seed) for point in points for seed in point.seeds]
        return [layout.predictions(*run) for run in dict.fromkeys(runs)]
    if name in concept_figures(config):
        return _concept_inputs(config, layout, name)
    predictions = [layout.predictions(*run) for run in method_runs(config)]
    if name == "attack_examples":
        return predictions + [path for dataset in example_datasets(config) for path in layout.attacked_set(dataset)]
    return predictions if name in ("accuracy_bars", "retention_boxes") else []


def figure_names(config: Config) -> list[str]:
    """Return the figures of the main run that a configuration has."""
    photographs = [PHOTOGRAPHS] if photograph_sets(config) else []
    return [*EVERY_RUN, *photographs, *(SALIENCY if config.saliency else ())]


def photograph_sets(config: Config) -> list[str]:
    """Return the sets of real photographs that bear a word."""
    return [name for name in config.data.real if not word_removed(name)]


def first_runs(config: Config) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of the untouched CLIP and of each method's first seed."""
    return [run for run in method_runs(config) if run[1] == "clip" or run[2] == config.seeds[0]]


def sweep_figures(config: Config) -> list[str]:
    """Return the figures of the sweeps that a configuration has."""
    varied = {point.vary for point in config.grid_points}
    curves = [name for name, vary in SWEEP_CURVES.items() if vary in varied]
    return [*curves, *([RETENTION_BY_BETA] if "beta" in varied else [])]


def concept_figures(config: Config) -> list[str]:
    """Return the figures of the concept maps that a configuration has."""
    figures = [name for concept, names in CONCEPT_FIGURES.items() if concept_runs(config, concept) for name in names]
    return [*figures, *([MAP_SPECTRUM] if config.concepts else [])]


def shown_gender_map(config: Config) -> str:
    """Return the gender map that the figures about bias show: the first."""
    return next(name for name, settings in config.concepts.items() if settings.concept == "gender")


def _concept_inputs(config: Config, layout: RunFiles, name: str) -> list[str]:
    if name == MAP_SPECTRUM:
        return [layout.map_spectra, layout.map_distances]
    if name == "concept_sweep":
        return [layout.concept_sweep(*run) for run in concept_runs(config, "reading")]
    shown = shown_gender_map(config)
    dataset, runs = config.concept_dataset(shown), [run for run in concept_runs(config) if run[1] == shown]
    files = [*(layout.concept_sweep(*run) for run in runs), layout.neutral_scale(*runs[0]), layout.manifest(dataset)]
    if name == "retrieval_grid":
        return [layout.retrieval(*runs[0]), *files[len(runs) :], layout.images(dataset), layout.classes(dataset)]
    return files


def grid_methods(config: Config) -> list[str]:
    """Return the methods of the saliency grid: the untouched CLIP and those with a preference objective, if any."""
    preferred = [name for name, method in config.methods.items() if method.is_preference]
    return ["clip", *(preferred or config.methods)]


def example_datasets(config: Config) -> tuple[str, ...]:
    """Return the data sets of which the attack examples show one picture each, the training set first."""
    return (config.data.train, *config.data.zero_shot)[:EXAMPLES]
