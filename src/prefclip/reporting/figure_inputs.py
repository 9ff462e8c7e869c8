"""The files that each figure is drawn from; light enough for the Snakefile to ask."""

from prefclip.config import Config
from prefclip.layout import RunLayout, method_runs

EXAMPLES = 4


def figure_inputs(config: Config, layout: RunLayout, name: str) -> list[str]:
    """Return the inputs of the figure ``name``, in a fixed order; an unknown name has none."""
    if name == "training_curves":
        return [layout.training_log(*run) for run in method_runs(config, untouched=False)]
    predictions = [layout.predictions(*run) for run in method_runs(config)]
    if name == "attack_examples":
        named = (layout.images, layout.attacked_images, layout.manifest, layout.attacked_manifest, layout.classes)
        return predictions + [path(dataset) for dataset in example_datasets(config) for path in named]
    return predictions if name in ("accuracy_bars", "retention_boxes") else []


def example_datasets(config: Config) -> tuple[str, ...]:
    """Return the data sets of which the attack examples show one picture each, the training set first."""
    return (config.data.train, *config.data.zero_shot)[:EXAMPLES]
