"""A table is one object, stored as JSON; each of its numbers names the rows that it was computed from.

CSV, Markdown, LaTeX, the report, comparisons and traces are views of it.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from prefclip.errors import PrefclipError
from prefclip.files import write_text

LETTERS = "abcdefghijklmnopqrstuvwxyz"
VALUE, DIFFERENCE = "value", "difference"
SHARE = "share"
# Keys that say which row of a table a number stands in; its other keys say which column.
ROW_KEYS = ("method", "weights", "kind", "map", "at")
REMEDY = "make it again with `prefclip table`"
SHIPPED = "resources/"
ENDS = ("low", "high", "n")

Plain = str | int | float | None
Choice = Plain | list[Plain]
Place = Annotated[int, Field(ge=0)]


class TableFileError(PrefclipError):
    """A stored table is missing, damaged, or lacks a number."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Source(_Part):
    """Rows of one file: those that agree with all of ``where`` and with none of ``without``.

    A list stands for any of its values, None for a missing one. A JSON file is a table of one row, a file of embeddings
    has one for each ``seed`` and picture. ``beside``: further files, named alike, that a measure of its rows needs.
    """

    file: Annotated[str, Field(min_length=1, max_length=4096, description="below the run, or below resources/")]
    where: dict[str, Choice] = {}
    without: dict[str, Choice] = {}
    beside: list[str] = []

    def path(self, run: str) -> str:
        """Where the file of a table of the run lies; what ships with the repository lies outside of runs."""
        return self.paths(run)[0]

    def paths(self, run: str) -> list[str]:
        """The same of the file and of those beside it."""
        return [name if name.startswith(SHIPPED) else f"{run}/{name}" for name in (self.file, *self.beside)]


class Term(_Part):
    """One mean: ``measure`` is averaged over the rows of each source, and then over the sources.

    ``measure`` is a column, or ``column = column`` for the share of rows in which two columns are equal; ``words`` say
    what it is.
    """

    measure: str
    words: str
    sources: list[Place]


class Number(_Part):
    """One number with its interval.

    Attributes:
        keys: what tells it from the other numbers of the table.
        role: ``value``, or which other number of the same keys it is.
        value, low, high: in ``unit``; None where there is none.
        n, seeds: how many images and seeds are behind it.
        unit: ``share`` (0–1, shown in percent), or what it is.
        digits, signed, best: how it is shown.
        formula: of ``terms``, which it calls a, b, c in their order.
        facts: further columns of its line, such as a threshold and whether it is met.
    """

    keys: dict[str, str]
    role: str = VALUE
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    seeds: int | None = None
    unit: str = SHARE
    digits: Place = 1
    signed: bool = False
    best: bool = False
    formula: str = ""
    terms: list[Place] = []
    facts: dict[str, str | float | None] = {}

    @property
    def row(self) -> str:
        """The row that it stands in, in words: ``dpo averaged difference``."""
        return " ".join(self.keys[key] for key in ROW_KEYS if self.keys.get(key) not in (None, "", VALUE))

    @property
    def column(self) -> str:
        """The column that it stands in, in words: ``animals typographic accuracy``."""
        words = [word for key, word in self.keys.items() if key not in ROW_KEYS and word]
        # Numbers of maps are about all pictures unless they say of which.
        words = [word for word in words if word != "all"] if "map" in self.keys else words
        return " ".join([*words, *([self.role] if self.role != VALUE else [])])

    @property
    def scale(self) -> int:
        """What the value is multiplied by where it is shown."""
        return 100 if self.unit == SHARE else 1

    @property
    def shown_unit(self) -> str:
        """The unit that it is shown in: ``points`` for a difference of shares, ``%`` for another share."""
        if self.unit != SHARE:
            return self.unit
        return "points" if self.keys.get("kind") == DIFFERENCE or self.formula == "a - b" else "%"


class Row(_Part):
    """A line of the shown table: text, or places of numbers.

    ``quiet`` lines belong to the line above and are set smaller; ``rule_above`` starts a block; ``further`` lines come
    after the main block.
    """

    label: str
    cells: list[Place | str]
    quiet: bool = False
    rule_above: bool = False
    further: bool = False


class Table(_Part):
    """One table.

    Attributes:
        caption: one paragraph; says unit and interval.
        corner: heading of the row labels.
        header: two levels, one pair per column; equal neighbours on the first level are joined.
        columns: of the tidy view, which has one line for the numbers of equal keys.
        numbers: all of them; the first ones need not be shown first, and some are not shown.
    """

    schema_version: Literal[1] = 1
    name: str
    caption: str
    corner: str
    header: list[tuple[str, str]]
    footnotes: list[str]
    columns: list[str]
    rows: list[Row]
    numbers: list[Number]
    terms: list[Term]
    sources: list[Source]

    @model_validator(mode="after")
    def _whole(self) -> "Table":
        shown = [cell for row in self.rows for cell in row.cells if isinstance(cell, int)]
        used = [place for number in self.numbers for place in number.terms]
        read = [place for term in self.terms for place in term.sources]
        for places, found in ((shown, self.numbers), (used, self.terms), (read, self.sources)):
            if any(place >= len(found) for place in places):
                raise ValueError("it names a number, term or source that it does not list")
        lines = {(number.role, *number.keys.items()) for number in self.numbers}
        if len(lines) < len(self.numbers):
            raise ValueError("two of its numbers have the same keys")
        if any(number.value is not None and not number.terms for number in self.numbers):
            raise ValueError("it has a number without sources")
        return self

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """The tidy view: one mapping from ``columns`` to values for the numbers of equal keys."""
        found: dict[tuple, dict[str, Any]] = {}
        for number in self.numbers:
            line = found.setdefault(tuple(number.keys.items()), dict(number.keys))
            ends = ("ci_low", "ci_high", "n") if number.role == VALUE else (f"{number.role}_{end}" for end in ENDS)
            measured = (number.value, number.low, number.high, number.n)
            line |= dict(zip((number.role, *ends), measured, strict=True))
            line |= ({"seeds": number.seeds} if number.role == VALUE else {}) | number.facts
        return [{column: line.get(column) for column in self.columns} for line in found.values()]

    def number(self, **keys: str) -> Number:
        """Return the first value with these keys. Raises TableFileError where there is none."""
        for number in self.numbers:
            if number.role == VALUE and number.value is not None and keys.items() <= number.keys.items():
                return number
        raise TableFileError(f"table {self.name}: has no number for {', '.join(keys.values())}; {REMEDY}.")

    def sources_of(self, number: Number) -> list[Source]:
        """Return the sources of a number, each once."""
        places = dict.fromkeys(place for term in number.terms for place in self.terms[term].sources)
        return [self.sources[place] for place in places]

    def operation(self, number: Number) -> str:
        """Say in words what a number was computed from."""
        named = [f"{letter}: {self.terms[place].words}" for letter, place in zip(LETTERS, number.terms, strict=False)]
        return named[0][3:] if number.formula == "a" and named else "; ".join([number.formula, *named])


def write_table(table: Table, path: str | Path) -> None:
    """Store a table, each row, number, term and source on a line of its own."""
    values = {"schema_version": table.schema_version, **table.model_dump(mode="json", exclude_defaults=True)}
    parts = []
    for key, value in values.items():
        listed = isinstance(value, list) and len(value) > 0
        text = "[\n" + ",\n".join(f"  {_line(item)}" for item in value) + "\n ]" if listed else _line(value)
        parts.append(f' "{key}": {text}')
    write_text(path, "{\n" + ",\n".join(parts) + "\n}\n")


def read_table(path: str | Path) -> Table:
    """Read a stored table. Raises TableFileError naming a file that is missing, damaged or of another kind."""
    try:
        return parse_table(Path(path).read_bytes(), str(path))
    except OSError as error:
        raise TableFileError(f"{path}: not a table that can be read ({error.strerror}); {REMEDY}.") from error


def parse_table(content: bytes, origin: str) -> Table:
    """Check the text of a stored table. Raises TableFileError, which names ``origin``."""
    try:
        return Table.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:120] or "the top"
        raise TableFileError(f"{origin}: not a whole table, at {where} ({first['msg'][:160]}); {REMEDY}.") from error


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
