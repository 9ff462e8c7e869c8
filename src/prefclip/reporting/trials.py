"""The trials of the search for settings: what each reached on validation pictures, and which one is chosen.

The criterion is the same for all methods: the mean of four accuracies, on clean and on attacked validation pictures, of
the training set and as mean over the zero-shot sets. Validation pictures show drawings that are trained on, in other
scenes.
"""

from collections.abc import Mapping

from prefclip.config import Config
from prefclip.config.tuning import Trial
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.files import write_json
from prefclip.reporting.estimates import RAW, REFERENCE, Estimates, headline_weights, read_estimates
from prefclip.reporting.labels import scopes_of
from prefclip.reporting.traced import Traced
from prefclip.run.files import RunFiles
from prefclip.run.plan import trial_runs

CRITERION = "criterion"


def read_trials(config: Config, layout: RunFiles) -> Estimates:
    """The numbers of all trials and of the untouched CLIP. Raises TableError, EstimateError."""
    runs = [(method, seed) for _, method, seed in trial_runs(config)]
    return read_estimates(config, layout, runs, config.object_datasets, validation=True)


def criterion(estimates: Estimates, config: Config, method: str) -> Traced:
    """What a trial, or the untouched CLIP, is worth: the mean of its accuracies, 0–1."""
    weights = RAW if method == REFERENCE else headline_weights(config, method)
    first, *others = (
        estimates.traced(method, weights, sets, images)
        for sets in scopes_of(config).values()
        for images in (CLEAN, TYPOGRAPHIC)
    )
    for other in others:
        first += other
    return first / (1 + len(others))


def chosen_trials(config: Config, values: Mapping[str, float]) -> dict[str, Trial]:
    """The trial of the best value of each method; the first one of equal ones. ``values``: by the trials' names."""
    found: dict[str, Trial] = {}
    for trial in config.trials:
        best = found.setdefault(trial.method, trial)
        if values[trial.name] > values[best.name]:
            found[trial.method] = trial
    return found


def write_chosen(config: Config, layout: RunFiles, path: str) -> None:
    """Write the chosen settings of every method as ``tuned`` names them in a configuration."""
    estimates = read_trials(config, layout)
    values = {each.name: float(criterion(estimates, config, each.name).samples[:, 0].mean()) for each in config.trials}
    methods = {
        method: {
            "learning_rate": trial.settings.learning_rate,
            "parameters": trial.settings.parameters,
            "trial": trial.number,
            CRITERION: round(values[trial.name], 6),
        }
        for method, trial in chosen_trials(config, values).items()
    }
    write_json(path, {"methods": methods, "trials": config.tuning.trials if config.tuning else 0})
