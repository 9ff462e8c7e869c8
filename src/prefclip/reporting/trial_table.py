"""The table of the trials of the search for settings."""

from collections.abc import Mapping

from prefclip.config import Config
from prefclip.config.tuning import KEYS
from prefclip.evaluation.metrics import CLEAN, METRICS, TYPOGRAPHIC
from prefclip.reporting.estimates import RAW, REFERENCE, headline_weights
from prefclip.reporting.labels import SETTING_LABELS, dataset_label, method_label, scopes_of
from prefclip.reporting.traced import Numbers
from prefclip.reporting.trials import CRITERION, chosen_trials, criterion, read_trials
from prefclip.run.files import RunFiles
from prefclip.table import SHARE, Row, Table

MEASURED = {(CLEAN, "accuracy"): "clean", (TYPOGRAPHIC, "accuracy"): "attacked", (CLEAN, "retention_kl"): "KL"}
COLUMNS = ("method", "weights", "trial", *KEYS, "chosen", "dataset", "images", "metric", "value", "ci_low", "ci_high")
COLUMNS += ("n", "seeds")


def trial_table(config: Config, layout: RunFiles, name: str) -> Table:
    """All trials: the untouched CLIP, then method by method, each from the best to the worst.

    Raises TableError, EstimateError.
    """
    estimates, scopes, numbers = read_trials(config, layout), scopes_of(config), Numbers()
    worth = {each: criterion(estimates, config, each) for each in (REFERENCE, *(one.name for one in config.trials))}
    values = {each: float(traced.samples[:, 0].mean()) for each, traced in worth.items()}
    chosen = {trial.name for trial in chosen_trials(config, values).values()}

    def cells(name: str, method: str, number: str, drawn: Mapping[str, float]) -> list[int]:
        weights = RAW if name == REFERENCE else headline_weights(config, name)
        places = [(scope, images, metric) for scope in scopes for images, metric in MEASURED]
        found = {
            (scope, images, metric): estimates.measured(name, weights, (scopes[scope], images, metric))
            for scope, images, metric in places
        }
        found = {("", "", CRITERION): (estimates.estimate(worth[name].samples), worth[name]), **found}
        facts = {key: drawn.get(key) for key in KEYS} | {"chosen": "yes" if name in chosen else ""}
        return [
            numbers.add(
                {"method": method, "weights": weights, "trial": number}
                | {"dataset": scope, "images": images, "metric": metric},
                estimate,
                traced.origin,
                n=estimates.count(scopes.get(scope, config.object_datasets), images or CLEAN),
                seeds=1,
                unit=METRICS[metric].unit if metric in METRICS else SHARE,
                best=metric == CRITERION and name in chosen,
                facts=facts,
            )
            for (scope, images, metric), (estimate, traced) in found.items()
        ]

    rows = [Row(label=method_label(REFERENCE), cells=["", "", "", *cells(REFERENCE, REFERENCE, "", {})])]
    for method in dict.fromkeys(trial.method for trial in config.trials):
        own = [trial for trial in config.trials if trial.method == method]
        for place, trial in enumerate(sorted(own, key=lambda trial: -values[trial.name])):
            drawn = [f"{trial.values[key]:g}" if key in trial.values else "" for key in KEYS]
            label = f"{method_label(method)}, trial {trial.number}"
            row = [*drawn, *cells(trial.name, method, str(trial.number), trial.values)]
            rows.append(Row(label=label, cells=row, rule_above=not place))
    header = [("", SETTING_LABELS[key]) for key in KEYS]
    header += [("", "criterion"), *((dataset_label(scope), word) for scope in scopes for word in MEASURED.values())]
    return numbers.table(name, _caption(config), header, rows, "Trial", columns=COLUMNS)


def _caption(config: Config) -> str:
    assert config.tuning is not None
    return (
        f"The search for settings: {config.tuning.trials} trials of every method at shared points, one seed each, "
        "scored on validation pictures (drawings that are trained on, in other scenes). Criterion: mean of the four "
        "accuracies (%), clean and attacked, training set and zero-shot mean; bold is the chosen trial. KL: "
        "mean KL(reference‖model) per clean image (nats). ± half-width of the "
        f"{100 * config.evaluation.confidence:g} % interval: bootstrap over drawings."
    )
