"""Tables of methods × data sets: the paper's Table 1 and its companions for text confusion and retention."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, METRICS, TYPOGRAPHIC
from prefclip.reporting.estimates import RAW, REFERENCE, Estimates, frame_of, headline_weights
from prefclip.reporting.labels import column_groups, dataset_label, method_label
from prefclip.reporting.table_files import Row, Table, estimated_cell

IMAGE_LABELS = {CLEAN: "O", TYPOGRAPHIC: "T"}
LOWEST_IS_BEST = ("text_confusion", "retention_kl")


@dataclass(frozen=True)
class Column:
    """One metric on one kind of images: of a data set, or the mean over several (``datasets``) that ``name`` means."""

    name: str
    datasets: tuple[str, ...]
    images: str
    metric: str

    @property
    def percent(self) -> bool:
        """Whether the metric is a share, which is shown in percent."""
        return METRICS[self.metric].unit == "share"


@dataclass(frozen=True)
class _Line:
    method: str
    weights: str
    kind: str  # value | difference
    headline: bool


def typographic(estimates: Estimates, config: Config) -> Table:
    """Accuracy of every method on clean (O) and typographic (T) images of every data set: the paper's Table 1."""
    return method_table(
        estimates,
        config,
        "accuracy",
        (CLEAN, TYPOGRAPHIC),
        "Zero-shot top-1 accuracy (%) on clean (O) and typographic (T) images.",
    )


def text_confusion(estimates: Estimates, config: Config) -> Table:
    """Share of typographic images called by the written word."""
    return method_table(
        estimates,
        config,
        "text_confusion",
        (TYPOGRAPHIC,),
        "Text confusion: share of typographic images (%) that are called by the written word; lower is better.",
    )


def retention(estimates: Estimates, config: Config) -> Table:
    """Mean KL(reference‖model) per clean image."""
    return method_table(
        estimates,
        config,
        "retention_kl",
        (CLEAN,),
        "Retention: mean KL(reference‖model) per clean image (nats); lower keeps more of CLIP.",
        differences=False,
    )


def method_table(
    estimates: Estimates,
    config: Config,
    metric: str,
    images: Sequence[str],
    title: str,
    *,
    differences: bool = True,
) -> Table:
    """One metric of every method on every data set: training set, zero-shot sets, their mean, gender sets, each for the
    kinds of ``images``.
    """
    groups = column_groups(config)
    columns = [Column(name, groups[name], kind, metric) for name in groups for kind in images]
    return columns_of_methods(
        estimates,
        config,
        columns,
        title,
        lambda column: IMAGE_LABELS[column.images] if len(images) > 1 else "",
        differences=differences,
    )


def columns_of_methods(
    estimates: Estimates,
    config: Config,
    columns: Sequence[Column],
    title: str,
    heading: Callable[[Column], str],
    *,
    differences: bool = True,
) -> Table:
    """The numbers of every method in the given columns; ``heading`` stands below the name of a column's data set.

    Rows: each method with the weights that stand for it (averaged, where it averages) and, below it, its paired
    difference to the one CLIP row; then the last iterates of the methods that average. The best of the first block is
    set bold.
    """
    lines = _lines(config, estimates, differences)
    numbers, tidy = {}, []
    for line in lines:
        for column in columns:
            samples = estimates.of(line.method, line.weights, column.datasets, column.images, column.metric)
            bounds = METRICS[column.metric].bounds
            if line.kind == "difference":
                samples = samples - estimates.of(REFERENCE, RAW, column.datasets, column.images, column.metric)
                bounds = (-np.inf, np.inf)
            numbers[line, column] = found = estimates.estimate(samples, bounds)
            tidy.append(
                {
                    "method": line.method,
                    "weights": line.weights,
                    "kind": line.kind,
                    "dataset": column.name,
                    "images": column.images,
                    "metric": column.metric,
                    "value": found.value,
                    "ci_low": found.low,
                    "ci_high": found.high,
                    "n": estimates.count(column.datasets, column.images, column.metric),
                    "seeds": len(samples),
                }
            )
    best = _best(numbers, lines, columns)
    rows = []
    for line in lines:
        shown = [
            estimated_cell(
                *numbers[line, column],
                share=column.percent,
                signed=line.kind == "difference",
                best=(line, column) in best,
            )
            for column in columns
        ]
        first_iterate = not line.headline and (not rows or lines[len(rows) - 1].headline)
        rows.append(Row(_label(line), shown, line.kind == "difference", line.kind == "value" or first_iterate))
    header = [(dataset_label(column.name), heading(column)) for column in columns]
    return Table(_caption(config, title, differences), frame_of(tidy), header, rows, "Method")


def _lines(config: Config, estimates: Estimates, differences: bool) -> list[_Line]:
    first, second = [], []
    for method in method_names(config):
        chosen = headline_weights(config, method)
        first.append(_Line(method, chosen, "value", True))
        if method != REFERENCE and differences:
            first.append(_Line(method, chosen, "difference", True))
        if chosen != RAW and estimates.has(method, RAW):
            second.append(_Line(method, RAW, "value", False))
            if differences:
                second.append(_Line(method, RAW, "difference", False))
    return first + second


def _label(line: _Line) -> str:
    if line.kind == "difference":
        return "Δ to CLIP"
    return method_label(line.method) + ("" if line.headline else ", last iterate")


def _best(numbers: dict, lines: list[_Line], columns: Sequence[Column]) -> set:
    best = set()
    for column in columns:
        chosen = [line for line in lines if line.kind == "value" and line.headline]
        if column.metric == "retention_kl":
            # The untouched model has KL 0 to itself by definition; it does not compete.
            chosen = [line for line in chosen if line.method != REFERENCE] or chosen
        values = {line: round(numbers[line, column].value, 6) for line in chosen}
        top = (min if column.metric in LOWEST_IS_BEST else max)(values.values())
        best |= {(line, column) for line, value in values.items() if value == top}
    return best


def _caption(config: Config, title: str, differences: bool) -> str:
    level = f"{100 * config.evaluation.confidence:g} %"
    count = len(config.seeds)
    seeds = f"mean over {count} seeds" if count > 1 else "one seed"
    paired = " Δ: paired difference to the same CLIP row, in the same unit." if differences else ""
    return (
        f"{title} {seeds.capitalize()}, ± half-width of the {level} interval (bootstrap over images"
        f"{', spread over seeds' if count > 1 else ''}). Methods that average show their averaged weights first; "
        f"bold is the best of the first block.{paired}"
    )
