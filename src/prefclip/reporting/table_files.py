"""A table as three files: tidy CSV for programs, Markdown for the screen, LaTeX (booktabs) for a paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from prefclip.files import write_text

# Columns of a tidy table that hold results; all others say which cell a row is.
RESULT_COLUMNS = ("value", "ci_low", "ci_high", "n", "seeds", "sense", "threshold", "met")
RESULT_COLUMNS += ("published", "published_low", "published_high", "published_n")
RESULT_COLUMNS += ("difference", "difference_low", "difference_high", "verdict")
_LATEX = {
    "&": r"\&",
    "%": r"\%",
    "_": r"\_",
    "#": r"\#",
    "±": r"$\pm$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "−": "$-$",
    "Δ": r"$\Delta$",
    "β": r"$\beta$",
    "λ": r"$\lambda$",
}


@dataclass(frozen=True)
class Cell:
    """A number of the shown table; ``half_width`` of its interval, both in the unit of the table."""

    value: float
    half_width: float = float("nan")
    digits: int = 1
    signed: bool = False
    best: bool = False

    def parts(self) -> tuple[str, str]:
        """The number and its half-width as text; empty where there is none."""
        if pd.isna(self.value):
            return "", ""
        rounded = round(self.value, self.digits) + 0.0  # never "-0.0"
        number = f"{rounded:{'+' if self.signed else ''}.{self.digits}f}".replace("-", "−")
        return number, "" if pd.isna(self.half_width) else f"{self.half_width:.{self.digits}f}"


def estimated_cell(
    value: float, low: float, high: float, *, share: bool = True, signed: bool = False, best: bool = False
) -> Cell:
    """A number with its interval: a share in percent with one digit, anything else in its own unit with three."""
    scale = 100 if share else 1
    return Cell(scale * value, scale * (high - low) / 2, 1 if share else 3, signed, best)


@dataclass(frozen=True)
class Row:
    """A line of the shown table; ``quiet`` lines are set smaller, ``rule_above`` starts a block."""

    label: str
    cells: Sequence[Cell | str]
    quiet: bool = False
    rule_above: bool = False


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        caption: one paragraph; says unit and interval.
        cells: tidy frame, one row per number: key columns, then some of RESULT_COLUMNS.
        header: two levels, one pair per column; equal neighbours on the first level are joined.
        rows: what is shown, in order.
        corner: heading of the row labels.
    """

    caption: str
    cells: pd.DataFrame
    header: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    corner: str = ""
    footnotes: Sequence[str] = field(default_factory=tuple)


def write_table(table: Table, stem: str | Path) -> None:
    """Write ``<stem>.csv``, ``<stem>.md`` and ``<stem>.tex``."""
    write_text(f"{stem}.csv", table.cells.to_csv(index=False, lineterminator="\n"))
    write_text(f"{stem}.md", to_markdown(table))
    write_text(f"{stem}.tex", to_latex(table))


def to_markdown(table: Table) -> str:
    """The shown table as a Markdown pipe table, columns padded so that it also reads as plain text."""
    heads = [table.corner, *(" ".join(part for part in pair if part) for pair in table.header)]
    lines = [[_markdown_label(row), *(_markdown(cell) for cell in row.cells)] for row in table.rows]
    widths = [max(3, *(len(line[place]) for line in [heads, *lines])) for place in range(len(heads))]
    left = [True, *(_is_text(table, place) for place in range(len(table.header)))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            f"{cell:{'<' if text else '>'}{width}}" for cell, text, width in zip(cells, left, widths, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(
        "-" * (width + 2) if text else "-" * (width + 1) + ":" for text, width in zip(left, widths, strict=True)
    )
    paragraphs = [table.caption, "\n".join([line(heads), f"|{rule}|", *map(line, lines)]), *table.footnotes]
    return "\n\n".join(paragraphs) + "\n"


def to_latex(table: Table) -> str:
    """The shown table as a ``tabular`` that needs the package booktabs; the caption stands above it as a comment."""
    groups: list[list] = []
    for first, _ in table.header:
        if groups and groups[-1][0] == first:
            groups[-1][1] += 1
        else:
            groups.append([first, 1])
    top, rules, column = [], [], 2
    for name, width in groups:
        top.append(_tex(name) if width == 1 else rf"\multicolumn{{{width}}}{{c}}{{{_tex(name)}}}")
        if width > 1:
            rules.append(rf"\cmidrule(lr){{{column}-{column + width - 1}}}")
        column += width
    lines = [f"% {table.caption}", *(f"% {note}" for note in table.footnotes)]
    kinds = "".join("l" if _is_text(table, place) else "r" for place in range(len(table.header)))
    lines += [rf"\begin{{tabular}}{{@{{}}l{kinds}@{{}}}}", r"\toprule"]
    if any(first for first, _ in table.header):
        lines += [" & ".join(["", *top]) + r" \\", "".join(rules)]
    lines += [" & ".join([_tex(table.corner), *(_tex(second) for _, second in table.header)]) + r" \\", r"\midrule"]
    for place, row in enumerate(table.rows):
        if row.rule_above and place:
            lines.append(r"\addlinespace")
        size = r"\footnotesize " if row.quiet else ""
        lines.append(" & ".join([size + _tex(row.label), *(size + _latex(cell) for cell in row.cells)]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join(line for line in lines if line) + "\n"


def _is_text(table: Table, place: int) -> bool:
    return all(isinstance(row.cells[place], str) for row in table.rows)


def _markdown_label(row: Row) -> str:
    return f"*{row.label}*" if row.quiet else row.label


def _markdown(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return cell
    number, half_width = cell.parts()
    return (f"**{number}**" if cell.best else number) + (f" ±{half_width}" if half_width else "")


def _latex(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return _tex(cell)
    number, half_width = (_tex(part) for part in cell.parts())
    shown = rf"\textbf{{{number}}}" if cell.best else number
    return shown + (rf"\,{{\scriptsize$\pm${half_width}}}" if half_width else "")


def _tex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
