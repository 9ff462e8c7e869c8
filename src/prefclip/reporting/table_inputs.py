"""What several tables are made from and depend on; light enough for the Snakefile to ask."""

from collections.abc import Callable

from prefclip.config import Config
from prefclip.config.experiment import TrainingConfig
from prefclip.config.sweeps import METHOD_KEYS
from prefclip.run.files import RunFiles
from prefclip.run.plan import method_runs, sweep_runs

INTERVALS = ("evaluation.confidence", "evaluation.bootstrap_samples")
# What decides rows and intervals of a table of all methods, beside the answers themselves.
OF_METHODS = ("model.name", "methods", "seeds", *INTERVALS)
# What decides which points the sweeps have, and how they are called.
SHARED_BY_POINTS = tuple(f"training.{key}" for key in METHOD_KEYS if key in TrainingConfig.model_fields)
OF_SWEEPS = (*OF_METHODS, "sweeps", *SHARED_BY_POINTS, "attack.variants")
OF_SWEEPS += ("data.source", "data.train", "data.train_images", "data.zero_shot")
ATTACKED_SETS = ("data.train", "data.zero_shot", "data.bias")


def every_run(config: Config) -> bool:
    """Say that any configuration has a table."""
    return True


def decided_by(*keys: str) -> Callable[[Config], list[str]]:
    """Return what answers with these dotted keys, whatever the configuration."""
    return lambda config: list(keys)


def method_predictions(config: Config, layout: RunFiles) -> list[str]:
    """Return the predictions of every main method and seed."""
    return [layout.predictions(*run) for run in method_runs(config)]


def sweep_predictions(config: Config, layout: RunFiles) -> list[str]:
    """Return the predictions of every run that the sweeps compare."""
    return [layout.predictions(*run) for run in sweep_runs(config)]
