"""Rows of the tables of concept maps: each map at each shown t."""

from collections.abc import Sequence
from typing import NamedTuple

from prefclip.config import Config
from prefclip.evaluation.concept_table import ALL, CHANCE
from prefclip.reporting.concept_numbers import UNTOUCHED, ConceptNumbers, Measured
from prefclip.reporting.traced import Numbers
from prefclip.table import SHARE, Row

KEYS = ("map", "at", "dataset", "images", "part", "axis", "group", "metric")


class Column(NamedTuple):
    """One column of a shown table: two headings, the place of its numbers, and their unit."""

    above: str
    below: str
    images: str
    part: str
    metric: str
    dataset: str
    axis: str = ALL
    group: str = ALL
    unit: str = SHARE

    @property
    def place(self) -> dict[str, str]:
        """Columns of CONCEPT_TABLE, the data set apart."""
        return {name: getattr(self, name) for name in ("images", "part", "axis", "group", "metric")}


def map_rows(
    numbers: Numbers, measured: ConceptNumbers, config: Config, names: Sequence[str], columns: Sequence[Column]
) -> list[Row]:
    """Add the numbers of the maps ``names`` in the given columns; return the rows that show them."""
    rows = []
    for name in names:
        for place, at in enumerate(measured.powers(name)):
            cells: list[int | str] = []
            for column in columns:
                # What is drawn at random is a part of its own, of no t.
                where = column.place | ({"part": CHANCE} if at == CHANCE else {})
                shown = UNTOUCHED if at == CHANCE else at
                found = measured.line(name, shown, column.dataset, config.evaluation.confidence, **where)
                which = {"map": name, "at": at, "dataset": column.dataset, **where}
                cells.append("" if found is None else add_number(numbers, which, found, column.unit))
            label = f"{name}, {measured.called(name, at).replace('-', '−')}"
            rows.append(Row(label=label, cells=cells, rule_above=place == 0))
    return rows


def add_number(numbers: Numbers, keys: dict[str, str], found: Measured, unit: str) -> int:
    """Add one number of a map; keys that it does not have are empty."""
    keys = {key: keys.get(key, "") for key in KEYS}
    return numbers.add(keys, found.estimate, found.origin, n=found.n, seeds=found.seeds, unit=unit)


def intervals(config: Config) -> str:
    """What captions say of the intervals."""
    level = f"{100 * config.evaluation.confidence:g} %"
    return f"± half-width of the {level} interval (bootstrap over drawings, spread over seeds where there are several)."
