"""Numbers of a stored table computed again, from nothing but the rows that they name."""

import ast
import json
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest

from prefclip.table import LETTERS, Number, Source, Table

REPOSITORY = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=64)
def read(path: Path) -> pd.DataFrame:
    """A file of rows; a JSON file is one row."""
    if path.suffix == ".json":
        return pd.DataFrame([json.loads(path.read_text(encoding="utf-8"))])
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def agrees(rows: pd.DataFrame, column: str, wanted: object) -> pd.Series:
    values = wanted if isinstance(wanted, list) else [wanted]
    found = rows[column].isin([value for value in values if value is not None])
    return found | rows[column].isna() if None in values else found


def rows_of(source: Source, run: str) -> pd.DataFrame:
    """The rows that a source selects."""
    path = Path(source.path(run))
    rows = read(path if path.is_absolute() else REPOSITORY / path)
    for column, wanted in source.where.items():
        rows = rows[agrees(rows, column, wanted)]
    for column, unwanted in source.without.items():
        rows = rows[~agrees(rows, column, unwanted)]
    return rows


def mean_of(table: Table, place: int, run: str) -> float:
    term, means, taken = table.terms[place], [], set()
    for source in (table.sources[number] for number in term.sources):
        rows = rows_of(source, run)
        named = {(source.file, row) for row in rows.index}
        assert named and not named & taken, f"{source}: selects no row, or rows that another source selects"
        taken |= named
        column, _, other = term.measure.partition(" = ")
        means.append(float((rows[column] == rows[other]).mean() if other else rows[column].mean()))
    return sum(means) / len(means)


def computed(formula: str, table: Table, number: Number, run: str) -> float:
    """A formula of the terms of a number."""
    means = {letter: mean_of(table, place, run) for letter, place in zip(LETTERS, number.terms, strict=False)}
    return eval(formula, {"__builtins__": {}}, means)


def denominators(formula: str) -> list[str]:
    """What a formula divides by."""
    nodes = ast.walk(ast.parse(formula, mode="eval"))
    return [ast.unparse(node.right) for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]


def assert_recomputed(table: Table, run: str) -> None:
    """Every number of a table of the run in ``run``, every count of images, every verdict on a threshold."""
    assert table.numbers
    for number in table.numbers:
        place = f"{table.name}: {number.row},{number.column}"
        if number.value is None:
            # There is no ratio to a loss that is none.
            below = denominators(number.formula) if number.terms else []
            assert not number.terms or any(computed(each, table, number, run) <= 0 for each in below), place
            continue
        found = computed(number.formula, table, number, run)
        assert number.value == pytest.approx(found, abs=1.01e-6 if "of_seeds" in number.keys else 1e-9), place
        if number.facts.get("threshold") is not None:
            wanted, least = number.facts["threshold"], number.facts["sense"] == ">="
            met = found >= wanted - 1e-6 if least else found <= wanted + 1e-6
            assert number.facts["met"] == ("yes" if met else "no"), place
        if len(number.terms) == 1 and table.sources_of(number)[0].file.startswith("predictions/"):
            rows = sum(len(rows_of(source, run)) for source in table.sources_of(number))
            assert rows == number.n * number.seeds, place
