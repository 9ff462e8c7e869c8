"""The numbers of the sweeps: every point and its paired difference to the main method that was changed to make it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from prefclip.config import Config
from prefclip.config.sweeps import SEED, GridPoint
from prefclip.evaluation.intervals import Estimate
from prefclip.evaluation.metrics import CLEAN, METRICS, TYPOGRAPHIC
from prefclip.reporting.estimates import RAW, REFERENCE, Estimates, headline_weights, read_estimates, seeds_of
from prefclip.reporting.labels import ZERO_SHOT_MEAN, method_label, setting_label
from prefclip.reporting.traced import Numbers
from prefclip.run.files import RunFiles
from prefclip.run.plan import sweep_runs
from prefclip.table import DIFFERENCE, VALUE

MEASURED = ((CLEAN, "accuracy"), (TYPOGRAPHIC, "accuracy"), (TYPOGRAPHIC, "text_confusion"), (CLEAN, "retention_kl"))


@dataclass(frozen=True)
class SweepLine:
    """One line of numbers, of one value (``setting``, as text) of the key that a sweep varies.

    ``method``, ``weights``, ``seeds``: whose numbers they are. ``kind``: VALUE or DIFFERENCE. ``main``: the method that
    was changed. ``against``: method and weights that a difference is taken to, on the same seeds.
    """

    sweep: str
    vary: str
    setting: str
    method: str
    weights: str
    seeds: tuple[int, ...]
    kind: str
    main: str
    against: tuple[str, str]
    label: str


@dataclass(frozen=True)
class SweepNumbers:
    """The estimates of a run's sweeps, and the data sets of the columns."""

    estimates: Estimates
    scopes: dict[str, tuple[str, ...]]

    def add(self, numbers: Numbers, line: SweepLine) -> list[int]:
        """Add all numbers of a line to those of a table; return their places.

        Raises EstimateError for runs that were not evaluated.
        """
        return [self._add(numbers, line, scope, images, metric) for scope in self.scopes for images, metric in MEASURED]

    def _add(self, numbers: Numbers, line: SweepLine, scope: str, images: str, metric: str) -> int:
        against = line.against if line.kind == DIFFERENCE else None
        place = (self.scopes[scope], images, metric)
        estimate, traced = self.estimates.measured(line.method, line.weights, place, line.seeds, against)
        keys = {key: getattr(line, key) for key in ("sweep", "vary", "setting", "main", "method", "weights")}
        keys |= {"of_seeds": "+".join(map(str, line.seeds)), "kind": line.kind}
        keys |= {"against": " ".join(against or ())}
        keys |= {"dataset": scope, "images": images, "metric": metric}
        # Shown as the tidy view has it: with six digits.
        found = Estimate(*np.round(estimate, 6))
        n, unit = self.estimates.count(self.scopes[scope], images), METRICS[metric].unit
        signed = line.kind == DIFFERENCE
        return numbers.add(keys, found, traced.origin, n=n, seeds=len(line.seeds), unit=unit, signed=signed)


def read_sweep_numbers(config: Config, layout: RunFiles) -> SweepNumbers:
    """Read the predictions of every run that the sweeps compare.

    Raises TableError or EstimateError as :func:`read_estimates`.
    """
    runs = [(method, seed) for _, method, seed in sweep_runs(config)]
    return SweepNumbers(read_estimates(config, layout, runs, config.sweep_datasets), sweep_scopes(config))


def sweep_scopes(config: Config) -> dict[str, tuple[str, ...]]:
    """The training set, and the mean of the zero-shot sets that the points are scored on."""
    train, *others = config.sweep_datasets
    return {train: (train,), **({ZERO_SHOT_MEAN: tuple(others)} if others else {})}


def main_line(config: Config, method: str) -> SweepLine:
    """The line of a main method, or of the untouched CLIP, with the seeds of the main tables."""
    own = (method, headline_weights(config, method))
    sweep = "untouched" if method == REFERENCE else "main"
    return SweepLine(sweep, "", "", *own, seeds_of(config, method), VALUE, method, own, method_label(method))


def last_iterate(line: SweepLine) -> SweepLine:
    """The same line without weight averaging: its last iterate."""
    return replace(line, weights=RAW, label=f"{line.label}, no averaging")


def compared(line: SweepLine) -> SweepLine:
    """The paired difference of a line to its main method."""
    return replace(line, kind=DIFFERENCE, label=f"Δ to {method_label(line.main)}")


def point_line(config: Config, point: GridPoint) -> SweepLine:
    """The line of one point of a sweep, with the weights that stand for it."""
    main = (point.method, headline_weights(config, point.method))
    fixed = config.sweeps.grids[point.sweep].fixed
    also = f" ({', '.join(setting_label(key, value) for key, value in fixed.items())})" if fixed else ""
    return SweepLine(
        point.sweep,
        point.vary,
        setting_text(point.value),
        point.name,
        headline_weights(config, point.name),
        point.seeds,
        VALUE,
        point.method,
        main,
        f"{method_label(point.method)}, {setting_label(point.vary, point.value)}{also}",
    )


def seed_means(config: Config) -> Iterator[SweepLine]:
    """For each sweep over seeds and each of its methods, the line of all of its seeds together."""
    for name, grid in config.sweeps.grids.items():
        points = [point for point in config.grid_points if point.sweep == name and grid.vary == SEED]
        for method in dict.fromkeys(point.method for point in points):
            chosen = [point for point in points if point.method == method]
            seeds = tuple(point.value for point in chosen)
            line = point_line(config, chosen[0])
            yield replace(line, setting="all", seeds=seeds, label=f"{method_label(method)}, mean")


def setting_text(value: object) -> str:
    """A value as text, the same for 1 and 1.0."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)
