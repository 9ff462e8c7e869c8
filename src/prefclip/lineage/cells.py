"""``<table>.cells.json``: for each number of a table, the rows of the metrics files that it was computed from.

The tables themselves know nothing of this: the stage command makes the file from the tidy CSV (one line per number) and
the metrics files, by the columns that both have.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from prefclip.files import write_text
from prefclip.lineage.project import FileProblem, LineageError, Project
from prefclip.lineage.record import LARGEST_RECORD, Name, canonical

SUFFIX = ".cells.json"
SCHEMA_VERSION = 1
METRIC_KEYS = ("run_id", "method", "weights", "seed", "dataset", "images", "metric")
# How the columns of a tidy table say which cell a line is, and which columns hold the result instead.
ROW_COLUMNS = ("method", "weights", "kind")
RESULT_COLUMNS = ("value", "ci_low", "ci_high", "n", "seeds", "threshold", "met", "sense")
RESULT_COLUMNS += ("published", "published_low", "published_high", "published_n")
RESULT_COLUMNS += ("difference", "difference_low", "difference_high", "verdict")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class MetricRow(_Part):
    """One row of a metrics file."""

    file: Name
    run_id: str
    method: str
    weights: str
    seed: int
    dataset: str
    images: str
    metric: str


class Cell(_Part):
    """One number of a table; ``rows`` are places in the file's list of rows."""

    row: str
    column: str
    value: float | str | None
    aggregation: str
    rows: list[Annotated[int, Field(ge=0)]]


class CellsFile(_Part):
    """A whole cells file."""

    schema_version: Literal[1]
    table: Name
    rows: list[MetricRow]
    cells: list[Cell]

    def rows_of(self, cell: Cell) -> list[MetricRow]:
        """Return the metrics rows of a cell."""
        return [self.rows[place] for place in cell.rows]

    def find(self, place: str) -> Cell:
        """Return the cell at ``ROW,COLUMN``; words may be left out while only one cell has those that remain.

        Raises LineageError that lists what there is to choose from.
        """
        row, _, column = (set(part.split()) for part in place.partition(","))
        found = [cell for cell in self.cells if row <= set(cell.row.split()) and column <= set(cell.column.split())]
        # ``dpo raw`` is that row, not ``dpo raw difference``.
        found = [cell for cell in found if row == set(cell.row.split())] or found
        found = [cell for cell in found if column == set(cell.column.split())] or found
        if len(found) == 1:
            return found[0]
        if found:
            choice = "; ".join(f"{cell.row},{cell.column}" for cell in found[:8])
            raise LineageError(f"{self.table}: several cells are {place!r}, add words: {choice}.")
        rows = ", ".join(dict.fromkeys(repr(cell.row) for cell in self.cells))
        columns = ", ".join(dict.fromkeys(repr(cell.column) for cell in self.cells))
        raise LineageError(f"{self.table}: no cell {place!r}; rows are {rows}; columns are {columns}.")


def cells_name(table: str) -> str:
    """Return the cells file of a table, which its CSV, Markdown and LaTeX share."""
    return str(PurePosixPath(table).with_suffix("")) + SUFFIX


def write_cells(
    table: str | Path,
    metrics: Iterable[str | Path],
    groups: Mapping[str, Iterable[str]] | None = None,
    reference: str = "clip",
) -> Path:
    """Write the cells file of a tidy table ``<name>.csv`` and return its path.

    A line of the table belongs to the metrics rows that agree with it in all columns that both have. Lines of the kind
    ``difference``, and lines of a requirement, also belong to the rows of the ``reference`` method, or of the method
    and weights in the column ``against``. A column ``of_seeds`` (such as 0+1+2) leaves other seeds out.

    Args:
        table: the CSV.
        metrics: the metrics files of all methods and seeds.
        groups: data sets that a name in the column ``dataset`` or ``scope`` stands for, such as a mean of several.
        reference: the method that differences are taken to.

    Raises LineageError for a line without any row, TableError for a metrics file that is missing or damaged.
    """
    import pandas as pd

    from prefclip.datasets.parquet_tables import read_table

    table, project = Path(table), Project.around()
    lines = pd.read_csv(table, keep_default_na=False, dtype=str).to_dict("records")
    remedy = "evaluate again with `prefclip evaluate`"
    frames = [
        read_table(path, METRIC_KEYS, remedy)[list(METRIC_KEYS)].assign(file=project.name(path)) for path in metrics
    ]
    rows = pd.concat(frames, ignore_index=True).astype({"seed": int}).to_dict("records") if frames else []
    groups = {name: set(members) for name, members in (groups or {}).items()}
    return store_cells(table, project, rows, [_cell(line, rows, groups, reference) for line in lines])


def store_cells(table: str | Path, project: Project, rows: list[dict], cells: list[dict]) -> Path:
    """Write the cells file of a table from its parts: metrics rows, and cells that name places in them.

    Raises LineageError for a cell without any row.
    """
    empty = [cell for cell in cells if not cell["rows"]]
    if empty:
        place = f"{empty[0]['row']},{empty[0]['column']}"
        raise LineageError(f"{table}: the metrics files have no row for its cell {place}; evaluate the run again.")
    values = {"schema_version": SCHEMA_VERSION, "table": project.name(table), "rows": rows, "cells": cells}
    path = Path(cells_name(str(table)))
    write_text(path, _text(values))
    return path


def read_cells(project: Project, table: str) -> CellsFile:
    """Read the cells file of a table of the project.

    Raises LineageError where it is missing, damaged or belongs to another table.
    """
    name = cells_name(table)
    try:
        found = CellsFile.model_validate(from_json(project.read(name, LARGEST_RECORD), allow_inf_nan=False))
    except FileProblem as problem:
        raise LineageError(f"{name}: {problem}; only tables made by `prefclip table` have cells.") from problem
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:120]
        raise LineageError(f"{name}: malformed at {where or 'the top'} ({first['msg'][:120]}).") from error
    except ValueError as error:
        raise LineageError(f"{name}: no valid JSON ({str(error)[:120]}).") from error
    if cells_name(found.table) != name or any(place >= len(found.rows) for cell in found.cells for place in cell.rows):
        raise LineageError(f"{name}: damaged, it belongs to another table or names rows that it does not list.")
    return found


def _cell(line: dict[str, str], rows: list[dict], groups: dict[str, set[str]], reference: str) -> dict[str, Any]:
    datasets = _members(line.get("dataset") or line.get("scope"), groups)
    compared = line.get("kind") == "difference" or "requirement" in line
    against, *weights = (line.get("against") or reference).split()
    seeds = {int(seed) for seed in (line.get("of_seeds") or "").split("+") if seed}
    places = [
        place
        for place, row in enumerate(rows)
        if (datasets is None or row["dataset"] in datasets)
        and all(row[key] == line[key] for key in ("images", "metric") if key in line)
        and (not seeds or row["seed"] in seeds)
        and (
            all(row[key] == line[key] for key in ("method", "weights") if key in line)
            or (compared and row["method"] == against and row["weights"] in (weights or [row["weights"]]))
        )
    ]
    columns = [key for key in line if key not in ROW_COLUMNS and key not in RESULT_COLUMNS]
    chosen = [rows[place] for place in places]
    return {
        "row": " ".join(line[key] for key in ROW_COLUMNS if line.get(key) not in (None, "", "value")),
        "column": " ".join(line[key] for key in columns if line[key]),
        "value": _number(line.get("value", "")),
        "aggregation": _aggregation(chosen, compared, against),
        "rows": places,
    }


def _members(name: str | None, groups: dict[str, set[str]]) -> set[str] | None:
    return None if name is None else groups.get(name, {name})


def _aggregation(rows: list[dict], compared: bool, reference: str) -> str:
    own = [row for row in rows if not compared or row["method"] != reference] or rows
    counts = {"seeds": len({row["seed"] for row in own}), "data sets": len({row["dataset"] for row in own})}
    over = " and ".join(f"{count} {what}" for what, count in counts.items() if count > 1)
    mean = f"mean over {over}" if over else "the value"
    return f"{mean}, against the same of {reference}" if compared else mean


def _number(text: str) -> float | str | None:
    try:
        value = float(text)
    except ValueError:
        return text or None
    return value if math.isfinite(value) else None


def _text(values: dict) -> str:
    lists = {key: values[key] for key in ("cells", "rows")}
    inner = [
        f' "{key}": [\n' + ",\n".join(f"  {canonical(item).decode()}" for item in items) + "\n ]"
        for key, items in lists.items()
    ]
    single = [f' "{key}": {canonical(values[key]).decode()}' for key in ("schema_version", "table")]
    return "{\n" + ",\n".join(inner + single) + "\n}\n"
