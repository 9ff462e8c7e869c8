"""What the run must show, requirement by requirement: a base that reads, and methods that win back what it loses."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, nan

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC, under
from prefclip.reporting.estimates import REFERENCE, Estimates, headline_weights, read_estimates
from prefclip.reporting.labels import dataset_label, method_label, scopes_of
from prefclip.reporting.reading_table import reading_share, recovered_reading, recovered_share
from prefclip.reporting.traced import Numbers, Traced
from prefclip.run.files import RunFiles
from prefclip.table import Row, Table

ALL_SETS = "train_and_zero_shot_mean"
TITLES = {
    "clean_accuracy": "clean accuracy",
    "lost_under_attack": "accuracy lost under attack",
    "lost_on_slips": "accuracy lost under a word on a slip of paper",
    "reading_share": "share of that loss which is reading",
    "text_confusion": "called by the written word",
    "word_among_errors": "written word among the wrong answers",
    "recovered_share": "won back of what CLIP loses",
    "recovered_reading": "won back of what reading costs",
    "clean_drop": "clean accuracy lost",
}
COLUMNS = ("method", "weights", "requirement", "scope", "sense", "value", "ci_low", "ci_high", "n", "seeds")
COLUMNS += ("threshold", "met")


@dataclass(frozen=True)
class Requirement:
    """One number (a key of TITLES), and what it must be: ``>=`` or ``<=`` a threshold, NaN where nothing is required.

    ``scope``: a data set, ZERO_SHOT_MEAN or ALL_SETS (mean over the training set and the zero-shot sets).
    """

    method: str
    name: str
    scope: str
    sense: str
    threshold: float

    def met(self, value: float) -> str:
        """``yes``, ``no``, or nothing."""
        if isnan(self.threshold):
            return ""
        return "yes" if (value >= self.threshold if self.sense == ">=" else value <= self.threshold) else "no"


def requirements_table(config: Config, layout: RunFiles, name: str) -> Table:
    """The requirements on the base model and on every method, with the values that the run reached.

    Raises TableError, EstimateError.
    """
    estimates = read_estimates(config, layout, datasets=_sets(config, ALL_SETS))
    numbers, rows, previous = Numbers(), [], None
    for requirement, traced in required_numbers(estimates, config):
        found = estimates.estimate(traced.samples)
        met = requirement.met(round(found.value, 6))
        keys = {"method": requirement.method, "weights": headline_weights(config, requirement.method)}
        place = numbers.add(
            {**keys, "requirement": requirement.name, "scope": requirement.scope},
            found,
            traced.origin,
            n=estimates.count(_sets(config, requirement.scope), TYPOGRAPHIC),
            seeds=len(traced.samples),
            facts={"sense": requirement.sense, "threshold": requirement.threshold, "met": met},
        )
        on = "Training and zero-shot sets" if requirement.scope == ALL_SETS else dataset_label(requirement.scope)
        sign = {">=": "≥", "<=": "≤"}[requirement.sense]
        wanted = "" if isnan(requirement.threshold) else f"{sign} {100 * requirement.threshold:g}"
        label = f"{method_label(requirement.method)}: {TITLES[requirement.name]}"
        rows.append(Row(label=label, cells=[on, place, wanted, met], rule_above=requirement.method != previous))
        previous = requirement.method
    header = [("", "On"), ("", "Found (%)"), ("", "Wanted (%)"), ("", "Met")]
    return numbers.table(name, _caption(config), header, rows, columns=COLUMNS)


def required_numbers(estimates: Estimates, config: Config) -> Iterator[tuple[Requirement, Traced]]:
    """Every requirement with its number."""
    # A configuration without zero-shot sets has only the training set to show something on.
    scopes = list(scopes_of(config))

    def of(method: str, scope: str, images: str, metric: str = "accuracy") -> Traced:
        return estimates.traced(method, headline_weights(config, method), _sets(config, scope), images, metric)

    for scope, least in zip(scopes, (0.85, 0.90), strict=False):
        yield Requirement(REFERENCE, "clean_accuracy", scope, ">=", least), of(REFERENCE, scope, CLEAN)
    attacked = of(REFERENCE, ALL_SETS, TYPOGRAPHIC)
    called_by_word = of(REFERENCE, ALL_SETS, TYPOGRAPHIC, "text_confusion")
    lost = of(REFERENCE, ALL_SETS, CLEAN) - attacked
    yield Requirement(REFERENCE, "lost_under_attack", ALL_SETS, ">=", 0.25), lost
    for scope, least in zip(scopes, (0.5, 0.6), strict=False):
        share = reading_share(*(of(REFERENCE, scope, images) for images in (CLEAN, INK, TYPOGRAPHIC)))
        yield Requirement(REFERENCE, "reading_share", scope, ">=", least), share
    for condition in [name for name in config.attack.conditions if name == "slip"]:
        on_slips = of(REFERENCE, ALL_SETS, CLEAN) - of(REFERENCE, ALL_SETS, under(TYPOGRAPHIC, condition))
        yield Requirement(REFERENCE, "lost_on_slips", ALL_SETS, ">=", 0.20), on_slips
    yield Requirement(REFERENCE, "text_confusion", ALL_SETS, ">=", 0.30), called_by_word
    yield Requirement(REFERENCE, "word_among_errors", ALL_SETS, ">=", nan), called_by_word / (1 - attacked)
    for method in method_names(config)[1:]:
        for scope in scopes:
            share = recovered_share(
                of(method, scope, TYPOGRAPHIC), of(REFERENCE, scope, TYPOGRAPHIC), of(REFERENCE, scope, CLEAN)
            )
            yield Requirement(method, "recovered_share", scope, ">=", nan), share
        for scope in scopes:
            costs = [of(each, scope, images) for each in (method, REFERENCE) for images in (INK, TYPOGRAPHIC)]
            yield Requirement(method, "recovered_reading", scope, ">=", nan), recovered_reading(*costs)
        drop = of(REFERENCE, scopes[-1], CLEAN) - of(method, scopes[-1], CLEAN)
        yield Requirement(method, "clean_drop", scopes[-1], "<=", nan), drop


def _sets(config: Config, scope: str) -> tuple[str, ...]:
    return {**scopes_of(config), ALL_SETS: config.object_datasets}[scope]


def _caption(config: Config) -> str:
    return (
        "What the run must show, and what it showed. Won back: attacked accuracy above CLIP's, as a share of CLIP's "
        "(clean − attacked). Reading: (ink − attacked) / (clean − attacked), where ink is the accuracy under the same "
        "ink unreadable; won back of it: 1 − (ink − attacked) / CLIP's (ink − attacked). Clean accuracy lost: in "
        f"points, against CLIP. Values in %, ± half-width of the {100 * config.evaluation.confidence:g} % interval. "
        "Of the tuned methods nothing is required."
    )
