"""What several tables and figures apply to, are made from and depend on; light enough for the Snakefile to ask."""

from collections.abc import Callable

from prefclip.config import Config, method_names
from prefclip.config.experiment import TrainingConfig
from prefclip.config.sweeps import METHOD_KEYS
from prefclip.run.files import RunFiles
from prefclip.run.plan import concept_runs, method_runs, sweep_runs, trial_runs, tuned_runs

INTERVALS = ("evaluation.confidence", "evaluation.bootstrap_samples")
# Which sets are scored, and how each is attacked.
SCORED = ("data.train", "data.zero_shot", "data.bias", "data.real", "attack.conditions")
# What decides rows and intervals of a table of all methods, beside the answers themselves.
OF_METHODS = ("model.name", "methods", "seeds", *SCORED, *INTERVALS)
# What decides which points the sweeps have, and how they are called.
SHARED_BY_POINTS = tuple(f"training.{key}" for key in METHOD_KEYS if key in TrainingConfig.model_fields)
OF_SWEEPS = (*OF_METHODS, "sweeps", *SHARED_BY_POINTS, "attack.variants")
OF_SWEEPS += ("data.source", "data.train_images")
OF_TRIALS = ("model.name", "trials", *SCORED, *INTERVALS)


def every_run(config: Config) -> bool:
    """Say that any configuration has it."""
    return True


def has_methods(config: Config) -> bool:
    return bool(config.methods)


def has_sweeps(config: Config) -> bool:
    return bool(config.sweeps.grids)


def has_trials(config: Config) -> bool:
    return bool(config.trials)


def has_concepts(config: Config) -> bool:
    return bool(config.concepts)


def has_saliency(config: Config) -> bool:
    return config.saliency is not None


def decided_by(*keys: str) -> Callable[[Config], list[str]]:
    """Return what answers with these dotted keys, whatever the configuration."""
    return lambda config: list(keys)


def method_predictions(config: Config, layout: RunFiles) -> list[str]:
    """Return the predictions of every main method and seed."""
    return [layout.predictions(*run) for run in method_runs(config)]


def tuned_predictions(config: Config, layout: RunFiles) -> list[str]:
    """Return the predictions of every main method and seed, without the untouched CLIP."""
    return [layout.predictions(*run) for run in tuned_runs(config)]


def sweep_predictions(config: Config, layout: RunFiles) -> list[str]:
    """Return the predictions of every run that the sweeps compare."""
    return [layout.predictions(*run) for run in sweep_runs(config)]


def trial_predictions(config: Config, layout: RunFiles) -> list[str]:
    """Return the predictions on validation pictures of every trial of the search for settings."""
    return [layout.validation(*run) for run in trial_runs(config)]


def saliency_scores(config: Config, layout: RunFiles) -> list[str]:
    """Return the saliency scores of every main method."""
    return [layout.saliency(config.model.key, method) for method in method_names(config)]


def map_names(config: Config, concept: str) -> list[str]:
    """Return the maps of one concept (``reading`` or ``gender``), in order."""
    return list(dict.fromkeys(name for _, name, _ in concept_runs(config, concept)))


def preferred_methods(config: Config) -> list[str]:
    """Return the tuned methods with a preference objective, in order; all tuned methods where none has one."""
    preferred = [name for name, method in config.methods.items() if method.is_preference]
    return preferred or list(config.methods)
