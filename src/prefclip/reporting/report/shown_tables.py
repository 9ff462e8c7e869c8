"""Tables as the page shows them: the printed table, with the tidy line behind every number.

A table consists of ``<name>.md`` (what is printed), ``<name>.csv`` (one line for each number) and ``<name>.cells.json``
(where each number comes from). They are matched by order: either each line of the CSV is one number, row by row, or one
whole row. After the printed numbers a CSV may hold further ones. A table of another shape is shown as printed, without
traces.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from prefclip.errors import PrefclipError
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.reporting.labels import dataset_label

IMAGE_NAMES = {CLEAN: "clean", TYPOGRAPHIC: "attacked"}
FIRST_TABLES = ("typographic", "main_results", "text_confusion", "retention")
LAST_ITERATE = ", last iterate"
_INTERVAL = re.compile(r"^(.*?)\s*±\s*([\d.]+)$")


class ReportError(PrefclipError):
    """A file of the run does not fit what the report needs."""


@dataclass(frozen=True)
class ShownCell:
    """One cell: text, half-width of the interval as text, whether it is the best; ``line`` of the CSV, -1 for none.

    ``number`` is what the table sorts by, NaN for text.
    """

    text: str
    half_width: str = ""
    best: bool = False
    line: int = -1
    number: float = math.nan


@dataclass(frozen=True)
class ShownRow:
    """One row; ``quiet`` rows belong to the row above them, ``further`` rows come after the main block."""

    label: str
    cells: list[ShownCell]
    quiet: bool = False
    further: bool = False


@dataclass(frozen=True)
class Column:
    """A heading; ``images`` is clean or typographic where a table has both."""

    title: str
    detail: str = ""
    images: str = ""


@dataclass(frozen=True)
class ShownTable:
    """A table of the page; ``lines`` and ``files`` go into the page's data, for the trace of each cell."""

    name: str
    caption: str
    notes: list[str]
    corner: str
    columns: list[Column]
    groups: list[list[ShownRow]]
    lines: list[dict] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

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


def read_tables(paths: Iterable[Path]) -> list[ShownTable]:
    """Read tables (``<name>.csv``), the headline table first. Raises ReportError naming a file that is damaged."""
    stems = {path.stem: path.with_suffix("") for path in sorted(paths)}
    first = [name for name in FIRST_TABLES if name in stems]
    return [read_shown_table(stems[name]) for name in dict.fromkeys([*first, *stems])]


def read_shown_table(stem: str | Path) -> ShownTable:
    """Read ``<stem>.md``, ``<stem>.csv`` and, where it is there, ``<stem>.cells.json``. Raises ReportError."""
    remedy = f"make it again with `prefclip table RUN {Path(stem).name}`"
    try:
        printed = Path(f"{stem}.md").read_text(encoding="utf-8")
        tidy = pd.read_csv(f"{stem}.csv", keep_default_na=False, dtype=str).to_dict("records")
        traced = Path(f"{stem}.cells.json")
        cells = json.loads(traced.read_text(encoding="utf-8")) if traced.is_file() else {"cells": [], "rows": []}
    except (OSError, ValueError) as error:
        raise ReportError(f"{stem}.csv: its files cannot be read together ({error}); {remedy}.") from error
    before, heads, body, after = parse_markdown(printed)
    width = len(heads) - 1
    printed_cells = [text for _, *texts in body for text in texts]
    per_number = _begins_with_printed_numbers(tidy, printed_cells)
    files = list(dict.fromkeys(row["file"] for row in cells["rows"]))
    fits = per_number or len(tidy) == len(body)
    lines = [_line(line, cells, files, place) for place, line in enumerate(tidy[: len(printed_cells)])] if fits else []
    rows = []
    for place, (label, *texts) in enumerate(body):
        numbers = [place * width + column if per_number else place for column in range(len(texts))]
        shown = [_cell(text, number, lines) for text, number in zip(texts, numbers, strict=True)]
        plain = label.strip("*")
        rows.append(ShownRow(plain, shown, plain != label, LAST_ITERATE in plain))
    columns = _columns(heads[1:], tidy[:width] if per_number else [])
    return ShownTable(Path(stem).name, before, after, heads[0], columns, _grouped(rows), lines, files)


def parse_markdown(text: str) -> tuple[str, list[str], list[list[str]], list[str]]:
    """Split a printed table into caption, headings, rows of cells and footnotes."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    place = next((at for at, part in enumerate(paragraphs) if part.startswith("|")), len(paragraphs))
    lines = paragraphs[place].splitlines() if place < len(paragraphs) else ["|", "|"]
    split = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    return " ".join(paragraphs[:place]), split[0], split[2:], [part.strip() for part in paragraphs[place + 1 :]]


def _begins_with_printed_numbers(tidy: list[dict], texts: list[str]) -> bool:
    """Whether the first lines of a tidy table are the printed numbers, in per cent or in a unit of their own."""
    if len(tidy) == len(texts):
        return True
    printed = [_parts(text)[2] for text in texts]
    values = [_number(line.get("value", "")) for line in tidy[: len(texts)]]
    return len(values) == len(printed) > 0 and all(
        number is not None and value is not None and min(abs(100 * value - number) / 100, abs(value - number)) < 6e-4
        for number, value in zip(printed, values, strict=True)
    )


def _parts(text: str) -> tuple[str, str, float | None]:
    """Number and half-width of a printed cell as text, and the number as such."""
    plain = text.replace("**", "")
    found = _INTERVAL.match(plain)
    number, half_width = found.groups() if found else (plain, "")
    return number, half_width, _number(number.replace("−", "-").replace("+", ""))


def _cell(text: str, line: int, lines: list[dict]) -> ShownCell:
    best = "**" in text
    number, half_width, value = _parts(text)
    traced = line if value is not None and lines and lines[line]["value"] is not None else -1
    return ShownCell(number, half_width, best, traced, math.nan if value is None else value)


def _columns(heads: list[str], first_row: list[dict]) -> list[Column]:
    if not first_row or not all({"dataset", "images"} <= set(line) for line in first_row):
        return [Column(head) for head in heads]
    both = len({line["images"] for line in first_row}) > 1
    columns = [
        Column(dataset_label(line["dataset"]), IMAGE_NAMES.get(line["images"], ""), line["images"])
        if both
        else Column(dataset_label(line["dataset"]))
        for line in first_row
    ]
    return columns if len(set(columns)) == len(columns) else [Column(head) for head in heads]


def _grouped(rows: list[ShownRow]) -> list[list[ShownRow]]:
    """Rows that stay together when the table is sorted: each with the quiet ones below it."""
    groups: list[list[ShownRow]] = []
    for row in rows:
        if row.quiet and groups:
            further = groups[-1][0].further
            groups[-1].append(ShownRow(row.label, row.cells, True, further))
        else:
            groups.append([row])
    return groups


def _line(line: dict, cells: dict, files: list[str], place: int) -> dict:
    """What the page tells of one number: value and interval as measured, n, seeds, its cell and its metrics files."""
    found = {key: _number(line.get(key, "")) for key in ("value", "ci_low", "ci_high", "n", "seeds")}
    if place < len(cells["cells"]):
        cell = cells["cells"][place]
        rows = [cells["rows"][number] for number in cell["rows"]]
        found |= {
            "cell": f"{cell['row']},{cell['column']}",
            "aggregation": cell["aggregation"],
            "files": sorted({files.index(row["file"]) for row in rows}),
        }
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
