"""Tables of methods × data sets: the paper's Table 1 and its companions for text confusion and retention."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, INK, METRICS, TYPOGRAPHIC
from prefclip.reporting.estimates import RAW, REFERENCE, Estimates, headline_weights, read_estimates
from prefclip.reporting.labels import column_groups, dataset_label, method_label
from prefclip.reporting.traced import Numbers
from prefclip.run.files import RunFiles
from prefclip.table import DIFFERENCE, VALUE, Row, Table

IMAGE_LABELS = {CLEAN: "clean", INK: "ink", TYPOGRAPHIC: "attacked"}
LOWEST_IS_BEST = ("text_confusion", "retention_kl")


class Column(NamedTuple):
    """One metric on one kind of images: of a data set, or the mean over several (``datasets``) that ``name`` means."""

    name: str
    datasets: tuple[str, ...]
    images: str
    metric: str


class _Line(NamedTuple):
    method: str
    weights: str
    kind: str  # VALUE | DIFFERENCE
    headline: bool


def method_table(
    config: Config,
    layout: RunFiles,
    name: str,
    metric: str,
    images: Sequence[str],
    title: str,
    differences: bool = True,
) -> Table:
    """One metric of every method on every data set: training set, mean of the zero-shot sets, each of
    them, gender sets, each for the kinds of ``images``. Raises TableError, EstimateError.
    """
    groups = column_groups(config)
    columns = [Column(scope, groups[scope], kind, metric) for scope in groups for kind in images]
    heading = (lambda column: IMAGE_LABELS[column.images]) if len(images) > 1 else (lambda _: "")
    estimates = read_estimates(config, layout, datasets=config.attacked_datasets)
    return columns_of_methods(estimates, config, name, columns, title, heading, differences)


def columns_of_methods(
    estimates: Estimates,
    config: Config,
    name: str,
    columns: Sequence[Column],
    title: str,
    heading: Callable[[Column], str],
    differences: bool = True,
) -> Table:
    """The numbers of every method in the given columns; ``heading`` stands below the name of a column's data set.

    Rows: each method with the weights that stand for it (averaged, where it averages) and, below it, its paired
    difference to the one CLIP row; then the last iterates of the methods that average. The best of the first block is
    set bold.
    """
    lines = _lines(config, estimates, differences)
    found = {}
    for line, column in product(lines, columns):
        place = (column.datasets, column.images, column.metric)
        against = (REFERENCE, RAW) if line.kind == DIFFERENCE else None
        found[line, column] = estimates.measured(line.method, line.weights, place, against=against)
    best = _best(found, lines, columns)
    numbers, rows = Numbers(), []
    for line in lines:
        cells = []
        for column in columns:
            estimate, traced = found[line, column]
            keys = {"method": line.method, "weights": line.weights, "kind": line.kind}
            keys |= {"dataset": column.name, "images": column.images, "metric": column.metric}
            n, unit = estimates.count(column.datasets, column.images, column.metric), METRICS[column.metric].unit
            look = {"signed": line.kind == DIFFERENCE, "best": (line, column) in best}
            cells.append(numbers.add(keys, estimate, traced.origin, n=n, seeds=len(traced.samples), unit=unit, **look))
        quiet, further = line.kind == DIFFERENCE, not line.headline
        rows.append(Row(label=_label(line), cells=cells, quiet=quiet, rule_above=not quiet, further=further))
    header = [(dataset_label(column.name), heading(column)) for column in columns]
    return numbers.table(name, _caption(config, title, differences), header, rows, "Method")


def _lines(config: Config, estimates: Estimates, differences: bool) -> list[_Line]:
    first, second = [], []
    kinds = (VALUE, DIFFERENCE) if differences else (VALUE,)
    for method in method_names(config):
        chosen = headline_weights(config, method)
        first += [_Line(method, chosen, kind, True) for kind in ((VALUE,) if method == REFERENCE else kinds)]
        if chosen != RAW and estimates.has(method, RAW):
            second += [_Line(method, RAW, kind, False) for kind in kinds]
    return first + second


def _label(line: _Line) -> str:
    if line.kind == DIFFERENCE:
        return "Δ to CLIP"
    return method_label(line.method) + ("" if line.headline else ", last iterate")


def _best(found: dict, lines: list[_Line], columns: Sequence[Column]) -> set:
    best = set()
    for column in columns:
        chosen = [line for line in lines if line.kind == VALUE and line.headline]
        if column.metric == "retention_kl":
            # The untouched model has KL 0 to itself by definition; it does not compete.
            chosen = [line for line in chosen if line.method != REFERENCE] or chosen
        values = {line: round(found[line, column][0].value, 6) for line in chosen}
        top = (min if column.metric in LOWEST_IS_BEST else max)(values.values())
        best |= {(line, column) for line, value in values.items() if value == top}
    return best


def _caption(config: Config, title: str, differences: bool) -> str:
    level = f"{100 * config.evaluation.confidence:g} %"
    count = len(config.seeds)
    seeds = f"mean over {count} seeds" if count > 1 else "one seed"
    paired = " Δ: paired difference to the same CLIP row, in the same unit." if differences else ""
    return (
        f"{title} {seeds.capitalize()}, ± half-width of the {level} interval (bootstrap over drawings"
        f"{', spread over seeds' if count > 1 else ''}). Methods that average show their averaged weights first; "
        f"bold is the best of the first block.{paired}"
    )
