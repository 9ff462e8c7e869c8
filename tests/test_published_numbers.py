"""Numbers that README prints of the published run are those of its tables."""

import re
from pathlib import Path

import pytest

from prefclip.table import Number, Table, read_table

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "results/reference/embedded/tables"
METHODS = ("clip", "ce", "ce_kl", "dpo", "ipo", "kto")
# The columns of README's table, after the method: which number of which table.
COLUMNS = [
    *(
        ("typographic", {"kind": "value", "dataset": dataset, "images": images})
        for dataset in ("animals", "zero_shot_mean")
        for images in ("clean", "typographic")
    ),
    *(("main_results", {"requirement": "recovered_share", "scope": scope}) for scope in ("animals", "zero_shot_mean")),
]


def table(name: str) -> Table:
    return read_table(TABLES / f"{name}.json")


def shown(number: Number) -> str:
    return f"{100 * number.value:.1f} ±{50 * (number.high - number.low):.1f}"


def headline(name: str, method: str, **keys: str) -> Number | None:
    """The number of a method's headline weights: averaged where it averages."""
    found = [number for number in table(name).numbers if {"method": method, **keys}.items() <= number.keys.items()]
    found = [number for number in found if number.role == "value"]
    averaged = [number for number in found if number.keys["weights"] == "averaged"]
    return next(iter(averaged or found), None)


def printed() -> list[list[str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("| | animals, clean |")[2].partition("\n\n")[0]
    rows = [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines()[2:]]
    return [row[1:] + [""] * (len(COLUMNS) - len(row) + 1) for row in rows]


@pytest.mark.parametrize("place", range(len(COLUMNS)))
def test_the_headline_table_of_the_readme(place):
    name, keys = COLUMNS[place]
    numbers = [headline(name, method, **keys) for method in METHODS]
    cells = [row[place] for row in printed()]
    assert [cell.replace("**", "") for cell in cells] == ["" if number is None else shown(number) for number in numbers]
    best = max((number for number in numbers if number), key=lambda number: number.value)
    bold = [number for number, cell in zip(numbers, cells, strict=True) if "**" in cell]
    assert bold in ([best], []) and (bold or name == "main_results")
