"""The views of a table: tidy CSV for programs, Markdown for the screen, LaTeX (booktabs) for a paper."""

from collections.abc import Callable, Sequence
from itertools import groupby
from types import MappingProxyType

import pandas as pd

from prefclip.table import Number, Table

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


def shown_parts(number: Number) -> tuple[str, str]:
    """A number and the half-width of its interval as text; empty where there is none."""
    if number.value is None:
        return "", ""
    rounded = round(number.scale * number.value, number.digits) + 0.0  # never "-0.0"
    text = f"{rounded:{'+' if number.signed else ''}.{number.digits}f}".replace("-", "−")
    if number.low is None or number.high is None:
        return text, ""
    return text, f"{number.scale * (number.high - number.low) / 2:.{number.digits}f}"


def to_csv(table: Table) -> str:
    """One line for the numbers of equal keys; six digits after the point, so that equal runs give equal text."""
    frame = pd.DataFrame(table.lines, columns=table.columns)
    numbers = frame.select_dtypes("float").columns
    frame[numbers] = frame[numbers].round(6) + 0.0
    return frame.to_csv(index=False, lineterminator="\n")


def to_markdown(table: Table) -> str:
    """The shown table as a Markdown pipe table, columns padded so that it also reads as plain text."""
    heads = [table.corner, *(" ".join(part for part in pair if part) for pair in table.header)]
    lines = [
        [f"*{row.label}*" if row.quiet else row.label, *(_markdown(table, cell) for cell in row.cells)]
        for row in table.rows
    ]
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
    groups = [(name, len(list(same))) for name, same in groupby(first for first, _ in table.header)]
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
        lines.append(" & ".join([size + _tex(row.label), *(size + _latex(table, cell) for cell in row.cells)]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join(line for line in lines if line) + "\n"


def _is_text(table: Table, place: int) -> bool:
    return all(isinstance(row.cells[place], str) for row in table.rows)


def _markdown(table: Table, cell: int | str) -> str:
    if isinstance(cell, str):
        return cell
    number, half_width = shown_parts(table.numbers[cell])
    return (f"**{number}**" if table.numbers[cell].best else number) + (f" ±{half_width}" if half_width else "")


def _latex(table: Table, cell: int | str) -> str:
    if isinstance(cell, str):
        return _tex(cell)
    number, half_width = (_tex(part) for part in shown_parts(table.numbers[cell]))
    shown = rf"\textbf{{{number}}}" if table.numbers[cell].best else number
    return shown + (rf"\,{{\scriptsize$\pm${half_width}}}" if half_width else "")


def _tex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


VIEWS: MappingProxyType[str, Callable[[Table], str]] = MappingProxyType(
    {"csv": to_csv, "md": to_markdown, "tex": to_latex}
)
