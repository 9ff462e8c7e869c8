"""Our numbers beside the authors' own logs: interval on both sides, difference, verdict."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from prefclip.config import Config
from prefclip.evaluation.intervals import Estimate, binomial_interval, difference_of_shares
from prefclip.evaluation.metrics import CLEAN, METRICS
from prefclip.reporting.estimates import REFERENCE, Estimates, headline_weights, read_estimates
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.traced import Numbers, Origin, mean_of
from prefclip.run.files import RunFiles
from prefclip.run.plan import published_file
from prefclip.table import DIFFERENCE, Row, Source, Table

LOGS, KL, DEFENSE_PREFIX = "author logs", "author KL", "Defense-Prefix (unverified)"
AGREES, DIFFERS, NO_COUNTERPART = "agrees", "differs", "no counterpart"
LOGGED_TRAINING_SET, KL_TRAINING_SET = "imagenet100", "food101"
COLUMNS = ("method", "weights", "dataset", "images", "metric", "source", "value", "ci_low", "ci_high", "n", "seeds")
COLUMNS += ("published", "published_low", "published_high", "published_n")
COLUMNS += ("difference", "difference_low", "difference_high", "verdict")


@dataclass(frozen=True)
class Counterpart:
    """A published number: a fraction (accuracy) or nats (KL); ``count`` images, NaN where it is not known."""

    value: float = math.nan
    count: float = math.nan
    origin: Origin = field(default=Origin(), compare=False)


class Comparison(NamedTuple):
    """Their number and the difference, each with its interval as far as it has one, and the verdict."""

    theirs: Estimate
    difference: Estimate
    verdict: str


def comparison_table(config: Config, layout: RunFiles, name: str) -> Table:
    """Every accuracy of ours beside the authors' log of it, their mean KL, and CLIP's in the Defense-Prefix paper.

    Raises TableError, EstimateError.
    """
    estimates = read_estimates(config, layout)
    published = {which: pd.read_csv(published_file(which)) for which in ("author_logs", "author_kl")}
    recalled = pd.read_csv(published_file("defense_prefix_unverified"))
    numbers, rows, previous = Numbers(), [], None
    for key, source, theirs, comparable in _pairs(estimates, config, logged_numbers(**published), recalled):
        method, weights, dataset, images, metric = key
        traced = estimates.traced(method, weights, dataset, images, metric)
        count = estimates.count(dataset, images, metric)
        if metric == "accuracy":
            ours = binomial_interval(float(traced.samples[:, 0].mean()), count, config.evaluation.confidence)
        else:
            ours = estimates.estimate(traced.samples, (0.0, math.inf))
        found = compare(ours, count, theirs, config.evaluation.confidence)
        verdict = found.verdict if comparable else NO_COUNTERPART
        keys = {**dict(zip(("method", "weights", "dataset", "images", "metric"), key, strict=True)), "source": source}
        unit = METRICS[metric].unit
        apart = traced.origin - theirs.origin if theirs.origin.parts else Origin()
        facts = {"verdict": verdict}
        cells = [
            numbers.add(keys, ours, traced.origin, n=count, seeds=len(traced.samples), unit=unit),
            numbers.add(keys, found.theirs, theirs.origin, n=theirs.count, unit=unit, role="published"),
            numbers.add(keys, found.difference, apart, unit=unit, role=DIFFERENCE, signed=True, facts=facts),
        ]
        iterate = "" if weights == headline_weights(config, method) else ", last iterate"
        measured = "accuracy" if metric == "accuracy" else "KL, nats"
        label, cells = f"{dataset_label(dataset)}, {images}", [measured, *cells, verdict, source]
        above = dataset != previous
        rows.append(Row(label=label, cells=[method_label(method) + iterate, *cells], rule_above=above))
        previous = dataset
    header = [("", heading) for heading in ("Method", "Metric", "Ours", "Theirs", "Difference", "Verdict", "Source")]
    return numbers.table(name, _caption(config), header, rows, "Images", columns=COLUMNS)


def compare(ours: Estimate, count: int, theirs: Counterpart, confidence: float) -> Comparison:
    """Hold a number of ours, on ``count`` images, against theirs.

    Of two shares, the verdict is whether Newcombe's interval of the difference holds 0; how far training runs differ is
    not in it, since the authors trained once. Where their number of images is not known, it is whether our interval
    holds their number.
    """
    without = Estimate(theirs.value, math.nan, math.nan), Estimate(ours.value - theirs.value, math.nan, math.nan)
    if math.isnan(theirs.value):
        return Comparison(*without, NO_COUNTERPART)
    if math.isnan(theirs.count):
        return Comparison(*without, _holds(ours, theirs.value))
    difference = difference_of_shares(ours.value, count, theirs.value, theirs.count, confidence)
    return Comparison(binomial_interval(theirs.value, theirs.count, confidence), difference, _holds(difference, 0.0))


def logged_numbers(author_logs: pd.DataFrame, author_kl: pd.DataFrame) -> dict[tuple[str, ...], Counterpart]:
    """Their numbers by (method, weights, dataset, images, metric); accuracies as fractions.

    The logs of KL do not say of which weights; they stand for the weights that stand for a method here, ``""``.
    """
    found = {
        (row.method, row.weights, row.dataset, row.images, "accuracy"): Counterpart(
            row.accuracy / 100,
            row.n_images_scored,
            _published("author_logs", method=row.method, weights=row.weights, dataset=row.dataset, images=row.images),
        )
        for row in author_logs.itertuples()
    }
    kl = {
        (row.method, "", row.dataset, CLEAN, "retention_kl"): Counterpart(
            row.mean, origin=_published("author_kl", "mean", method=row.method, dataset=row.dataset)
        )
        for row in author_kl.itertuples()
    }
    return found | kl


def _published(name: str, column: str = "accuracy", **where: str) -> Origin:
    """Where one published number stands; accuracies are printed in percent."""
    source = Source(file=f"resources/published/{name}.csv", where=where)
    origin = mean_of(column, f"{column} of {' '.join(where.values())} in {name}", source)
    return origin / 100 if column == "accuracy" else origin


def _pairs(
    estimates: Estimates, config: Config, logged: dict, recalled: pd.DataFrame
) -> Iterator[tuple[tuple, str, Counterpart, bool]]:
    """Every number of ours with source, counterpart, and whether both were trained on the same set."""
    order = {name: place for place, name in enumerate(config.datasets)}
    unverified = recalled[recalled["method"] == REFERENCE].set_index(["dataset", "images"])["accuracy"] / 100
    for key in sorted(estimates.samples, key=lambda key: (order[key[2]], key[3])):
        method, weights, dataset, images, metric = key
        same = method == REFERENCE or config.data.train == LOGGED_TRAINING_SET
        # Who trains on a set and who never sees it have two different numbers for it.
        if metric == "accuracy" and dataset not in config.data.bias:
            yield key, LOGS, logged.get(key, Counterpart()), same and key in logged
            if method == REFERENCE and (dataset, images) in unverified:
                where = _published("defense_prefix_unverified", method=method, dataset=dataset, images=images)
                yield key, DEFENSE_PREFIX, Counterpart(float(unverified[dataset, images]), origin=where), True
        kl = (method, "", dataset, images, metric)
        if kl in logged and weights == headline_weights(config, method):
            yield key, KL, logged[kl], config.data.train == KL_TRAINING_SET


def _holds(interval: Estimate, value: float) -> str:
    return AGREES if interval.low <= value <= interval.high else DIFFERS


def _caption(config: Config) -> str:
    return (
        "Our numbers beside the authors' own logs. Accuracies in %, ± half-width of the binomial "
        f"{100 * config.evaluation.confidence:g} % interval (Wilson; Newcombe for the difference), which leaves out "
        "how far training runs differ; the verdict is whether the difference's interval holds 0. The logs' images were "
        "squeezed through 168 pixels and their splits are those of the released code: like for like is "
        f"protocol released_code, this run is {config.protocol}. KL: mean per clean image, in nats; theirs was "
        "measured on models that were trained on Food101, as far as can be inferred. A number of theirs beside “no "
        "counterpart” is of models that were trained on another set. Defense-Prefix (unverified): CLIP's "
        "accuracy as recalled from its paper, without a number of images."
    )
