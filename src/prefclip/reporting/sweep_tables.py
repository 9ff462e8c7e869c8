"""Tables of the sweeps: what each part of a method is worth, and every point of every sweep."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from prefclip.config import Config
from prefclip.config.sweeps import SEED, GridPoint
from prefclip.evaluation.metrics import METRICS
from prefclip.reporting.estimates import AVERAGED, headline_weights
from prefclip.reporting.labels import dataset_label
from prefclip.reporting.sweep_numbers import (
    DIFFERENCE,
    MEASURED,
    VALUE,
    SweepLine,
    SweepNumbers,
    compared,
    last_iterate,
    main_line,
    point_line,
    seed_means,
    untouched_line,
)
from prefclip.reporting.table_files import Cell, Row, Table, estimated_cell

# Headings of what is measured in each scope, in the order of the tidy table, so that its lines are the shown cells.
HEADINGS = dict(zip(MEASURED, ("O", "T", "word", "KL"), strict=True))


def ablation_objective(numbers: SweepNumbers, config: Config) -> Table:
    """Each main method, then what is left of it without one of its parts, with the paired difference to it.

    Without weight averaging (its last iterate), without regulariser (λ = 0), and with another choice where a sweep
    varies one, such as the trained parameters.
    """
    lines = [untouched_line()]
    for method in config.methods:
        line = main_line(config, method)
        lines.append(line)
        if line.weights == AVERAGED:
            lines += _with_difference(last_iterate(line))
        seen = {method}
        for point in config.grid_points:
            if point.method == method and point.name not in seen and _is_choice(point):
                seen.add(point.name)
                lines += _with_difference(point_line(config, point))
    return _table(
        numbers,
        config,
        lines,
        "What each part of a method is worth.",
        "Δ: paired difference to the method as it is in the main tables, on the same images and seeds.",
    )


def sweeps(numbers: SweepNumbers, config: Config) -> Table:
    """Every point of every sweep."""
    lines = [untouched_line()]
    for name in config.sweeps.grids:
        for line in [point_line(config, point) for point in config.grid_points if point.sweep == name]:
            lines.append(line)
            if line.weights == AVERAGED:
                lines.append(last_iterate(line))
            if line.method != line.main:
                lines.append(compared(line))
        lines += [line for line in seed_means(config) if line.sweep == name]
    # What is shown comes first, so that the first lines of the tidy table are the shown cells.
    shown = [line for line in lines if line.kind == VALUE and line.weights == headline_weights(config, line.method)]
    further = [line for line in lines if line not in shown]
    note = "The CSV file also has last iterates and differences to the main methods."
    table = _table(numbers, config, [*shown, *further], "Every point of every sweep.", note)
    return replace(table, rows=table.rows[: len(shown)], corner="Point")


def _is_choice(point: GridPoint) -> bool:
    """Whether a point leaves a part out or chooses another, rather than turning a number up or down."""
    return point.vary != SEED and (isinstance(point.value, bool | str) or point.value == 0)


def _with_difference(line: SweepLine) -> list[SweepLine]:
    return [line, compared(line)]


def _table(numbers: SweepNumbers, config: Config, lines: Sequence[SweepLine], title: str, note: str) -> Table:
    cells = numbers.frame(lines)
    keyed = cells.set_index(["images", "metric", "dataset"])
    count = len(cells) // len(lines)
    rows, previous = [], None
    for place, line in enumerate(lines):
        own = keyed.iloc[place * count : (place + 1) * count]
        shown = [_cell(own.loc[images, metric, scope], line) for scope in numbers.scopes for images, metric in HEADINGS]
        several = f" ({len(line.seeds)} seeds)" if len(line.seeds) > 1 and line.kind == VALUE else ""
        rows.append(Row(line.label + several, shown, line.kind == DIFFERENCE, rule_above=line.main != previous))
        previous = line.main
    header = [(dataset_label(scope), name) for scope in numbers.scopes for name in HEADINGS.values()]
    return Table(_caption(config, title, note), cells, header, rows, "Method")


def _cell(found: pd.Series, line: SweepLine) -> Cell:
    share = METRICS[found.name[1]].unit == "share"
    return estimated_cell(*found[["value", "ci_low", "ci_high"]], share=share, signed=line.kind == DIFFERENCE)


def _caption(config: Config, title: str, note: str) -> str:
    level = f"{100 * config.evaluation.confidence:g} %"
    sets = ", ".join(dataset_label(name) for name in config.sweep_datasets[1:])
    others = f" The zero-shot mean is over {sets}." if sets else ""
    return (
        f"{title} Accuracy (%) on clean (O) and typographic (T) images; word: typographic images called by the written "
        f"word (%); KL: mean KL(reference‖model) per clean image (nats).{others} ± half-width of the {level} interval: "
        f"bootstrap over images and spread over seeds; rows of one seed say nothing of other seeds. {note}"
    )
