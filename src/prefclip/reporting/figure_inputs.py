"""The files that each figure is drawn from; light enough for the Snakefile to ask."""

from prefclip.config import Config
from prefclip.layout import RunLayout, method_runs

EXAMPLES = 4
# Figures of the sweeps by the key that is varied, drawn from the table of the sweeps; and the one from predictions.
SWEEP_CURVES = {
    "sweep_beta": "beta",
    "sweep_regulariser": "regulariser_weight",
    "sweep_size": "max_train_images",
    "sweep_words": "words",
}
RETENTION_BY_BETA = "retention_by_beta"


def figure_inputs(config: Config, layout: RunLayout, name: str) -> list[str]:
    """Return the inputs of the figure ``name``, in a fixed order; an unknown name has none."""
    if name == "training_curves":
        return [layout.training_log(*run) for run in method_runs(config, untouched=False)]
    if name in SWEEP_CURVES:
        return [layout.table("sweeps", "csv")]
    if name == RETENTION_BY_BETA:
        points = [point for point in config.grid_points if point.vary == "beta"]
        runs = [(config.model.key, point.name, seed) for point in points for seed in point.seeds]
        return [layout.predictions(*run) for run in dict.fromkeys(runs)]
    predictions = [layout.predictions(*run) for run in method_runs(config)]
    if name == "attack_examples":
        named = (layout.images, layout.attacked_images, layout.manifest, layout.attacked_manifest, layout.classes)
        return predictions + [path(dataset) for dataset in example_datasets(config) for path in named]
    return predictions if name in ("accuracy_bars", "retention_boxes") else []


def sweep_figures(config: Config) -> list[str]:
    """Return the figures of the sweeps that a configuration has."""
    varied = {point.vary for point in config.grid_points}
    curves = [name for name, vary in SWEEP_CURVES.items() if vary in varied]
    return [*curves, *([RETENTION_BY_BETA] if "beta" in varied else [])]


def example_datasets(config: Config) -> tuple[str, ...]:
    """Return the data sets of which the attack examples show one picture each, the training set first."""
    return (config.data.train, *config.data.zero_shot)[:EXAMPLES]
