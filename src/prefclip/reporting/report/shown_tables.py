"""Tables as the page shows them: rows that stay together when it sorts, and where every number comes from."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC
from prefclip.reporting.labels import dataset_label
from prefclip.reporting.table_views import shown_parts
from prefclip.reporting.tables import table_names
from prefclip.table import Number, Row, Table, read_table

IMAGE_NAMES = {CLEAN: "clean", INK: "under ink", TYPOGRAPHIC: "attacked"}


class ShownCell(NamedTuple):
    """One cell: text, half-width of the interval as text, whether it is the best; ``line``: its number, -1 for none.

    ``number`` is what the table sorts by, NaN for text.
    """

    text: str
    half_width: str = ""
    best: bool = False
    line: int = -1
    number: float = math.nan


class ShownRow(NamedTuple):
    """One row; ``quiet`` rows belong to the row above them, ``further`` rows come after the main block."""

    label: str
    cells: list[ShownCell]
    quiet: bool = False
    further: bool = False


class Column(NamedTuple):
    """A heading; ``images`` is clean or typographic where a table has both."""

    title: str
    detail: str = ""
    images: str = ""


class ShownTable(NamedTuple):
    """A table of the page; ``lines`` and ``files`` go into the page's data, for the trace of each cell."""

    name: str
    caption: str
    notes: list[str]
    corner: str
    columns: list[Column]
    groups: list[list[ShownRow]]
    lines: list[dict[str, Any]]
    files: list[str]

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ").capitalize()

    @property
    def both_kinds(self) -> bool:
        """Whether it has columns of clean and of attacked images."""
        return len({column.images for column in self.columns} - {""}) > 1

    @property
    def has_quiet(self) -> bool:
        """Whether it has differences."""
        return any(row.quiet for rows in self.groups for row in rows)

    @property
    def has_further(self) -> bool:
        """Whether it has rows after the main block."""
        return any(row.further for rows in self.groups for row in rows)


def read_tables(paths: Iterable[Path], root: str) -> list[ShownTable]:
    """Read stored tables of the run in ``root``, in order. Raises TableFileError naming a file that is damaged."""
    found = {path.stem: path for path in paths}
    return [shown_table(read_table(found[name]), root) for name in table_names() if name in found]


def shown_table(table: Table, root: str) -> ShownTable:
    """How the page shows a table of the run in ``root``."""
    # Rows that stay together when the table is sorted: each with the quiet ones below it.
    groups: list[list[ShownRow]] = []
    for row in table.rows:
        shown = ShownRow(row.label, [_cell(table, cell) for cell in row.cells], row.quiet, row.further)
        if row.quiet and groups:
            groups[-1].append(shown)
        else:
            groups.append([shown])
    last = max((cell for row in table.rows for cell in row.cells if isinstance(cell, int)), default=-1)
    files: dict[str, int] = {}
    lines = []
    for number in table.numbers[: last + 1]:
        named = dict.fromkeys(path for source in table.sources_of(number) for path in source.paths(root))
        size = {"n": number.n, "seeds": number.seeds}
        traced = {"cell": f"{number.row},{number.column}", "operation": table.operation(number)}
        places = [files.setdefault(name, len(files)) for name in named]
        lines.append({"measured": measured(number), **size, **traced, "files": places})
    columns, notes = _columns(table.rows[0], table) if table.rows else [], list(table.footnotes)
    return ShownTable(table.name, table.caption, notes, table.corner, columns, groups, lines, list(files))


def measured(number: Number) -> str:
    """A number with its interval in the unit and the digits of its cell: ``90.0 %, interval 83.8 to 95.8``."""
    if number.value is None:
        return "nothing"
    unit = number.shown_unit if number.shown_unit in ("%", "points", "nats") else ""
    ends = [shown_parts(number.model_copy(update={"value": end}))[0] for end in (number.low, number.high)]
    interval = f", interval {ends[0]} to {ends[1]}" if all(ends) else ""
    return f"{shown_parts(number)[0]} {unit}".rstrip() + interval


def _cell(table: Table, cell: int | str) -> ShownCell:
    if isinstance(cell, str):
        return ShownCell(cell)
    number = table.numbers[cell]
    if number.value is None:
        return ShownCell("")
    return ShownCell(*shown_parts(number), number.best, cell, round(number.scale * number.value, number.digits))


def _columns(first: Row, table: Table) -> list[Column]:
    """Headings: data set and kind of images where these tell all columns apart, else as they are printed."""
    keys = [table.numbers[cell].keys if isinstance(cell, int) else {} for cell in first.cells]
    places = [(each.get("dataset", ""), each.get("images", "")) for each in keys]
    if len(set(places)) < len(places) or any("" in place for place in places):
        return [Column(" ".join(filter(None, pair))) for pair in table.header]
    if len({images for _, images in places}) == 1:
        return [Column(dataset_label(dataset)) for dataset, _ in places]
    return [Column(dataset_label(dataset), IMAGE_NAMES[images], images) for dataset, images in places]
