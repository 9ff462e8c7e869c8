"""Did a run reproduce the published results? Cell by cell, inside their intervals."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from prefclip.errors import PrefclipError
from prefclip.reporting.figures import figure_names
from prefclip.reporting.tables import table_names
from prefclip.table import VALUE, Number, read_table

# What `snakemake all` leaves to targets of their own: groups of tables and figures, and the target that makes them.
APART = {"ablations": "ablations", "tuning": "tune"}
# Lineage records beside them tell of one run and are not compared.
FORMS = {"tables": ("json", "csv", "md", "tex"), "figures": ("pdf", "png")}
ROUNDING = 1e-6  # ends of intervals have six digits
LOG_WIDTH = 120  # characters of a line where the output is no terminal
REPRODUCED, OUTSIDE, MISSING = "reproduced", "outside", "missing"
STYLES = {REPRODUCED: "green", OUTSIDE: "bold red", MISSING: "bold red"}


class CompareError(PrefclipError):
    """Published results that nothing can be compared with."""


class Verdict(NamedTuple):
    """One cell of a published table, and whether the run has it inside the published interval."""

    table: str
    cell: tuple[str, ...]
    published: float | None
    low: float | None
    high: float | None
    found: float | None
    verdict: str


class Comparison(NamedTuple):
    """All verdicts, the published files that the run lacks, and the run's cells that were never published.

    ``left_out``: by the target that makes them, how many published files were not compared because the run made none.
    """

    verdicts: tuple[Verdict, ...]
    missing_files: tuple[str, ...]
    unpublished_cells: int
    left_out: dict[str, int]

    @property
    def reproduced(self) -> bool:
        """Whether every published file is there and every cell lies inside its interval."""
        return not self.missing_files and all(verdict.verdict == REPRODUCED for verdict in self.verdicts)


def compare_runs(run: str | Path, reference: str | Path, console: Console | None = None) -> bool:
    """Compare a run with published results, print every verdict, and return whether all were reproduced.

    Raises CompareError when ``reference`` holds no tables, TableFileError for a damaged one.
    """
    comparison = compare_folders(run, reference)
    print_comparison(comparison, run, reference, console or Console(width=None if sys.stdout.isatty() else LOG_WIDTH))
    return comparison.reproduced


def compare_folders(run: str | Path, reference: str | Path) -> Comparison:
    """Judge every value of ``reference/tables/*.json`` and look for every file of its tables and figures.

    A cell is reproduced if the run's value lies between the published ends of its interval; one image more or less
    (1/n) is forgiven, since the interval of a share that is 0 or 1 has no width. What a target of APART makes is left
    out where the run made none of it. Raises CompareError as :func:`compare_runs`, and TableFileError.
    """
    run, reference = Path(run), Path(reference)
    if not (run / "tables").is_dir():
        raise CompareError(f"{run}/tables: no such folder; name a finished run, such as results/embedded, first.")
    published = sorted(
        path.relative_to(reference)
        for name, forms in FORMS.items()
        for form in forms
        for path in (reference / name).glob(f"*.{form}")
        if "." not in path.stem
    )
    tables = [path for path in published if path.suffix == ".json"]
    if not tables:
        raise CompareError(
            f"{reference}/tables: holds no published table (*.json); name a folder such as results/reference/embedded."
        )
    left_out = {}
    for group, target in APART.items():
        names = {*table_names(group=group), *figure_names(group=group)}
        apart = [path for path in published if path.stem in names]
        if apart and not any((run / path).is_file() for path in apart):
            left_out[target] = len(apart)
            published = [path for path in published if path not in apart]
    missing = tuple(str(path) for path in published if not (run / path).is_file())
    verdicts, unpublished = [], 0
    for path in (path for path in tables if path in published):
        wanted = read_values(reference / path)
        found = read_values(run / path) if (run / path).is_file() else {}
        verdicts += judge(path.stem, wanted, found)
        unpublished += len(found.keys() - wanted.keys())
    return Comparison(tuple(verdicts), missing, unpublished, left_out)


def judge(table: str, published: dict[tuple, Number], found: dict[tuple, Number]) -> Iterator[Verdict]:
    """One verdict for each published cell, in the order of the published table."""
    for cell, number in published.items():
        other = found[cell].value if cell in found else None
        # Without an interval the value itself is what a run must reach.
        low, high = (number.value if end is None else end for end in (number.low, number.high))
        if cell not in found:
            verdict = MISSING
        elif number.value is None or other is None:
            verdict = REPRODUCED if number.value is other else OUTSIDE
        else:
            slack = ROUNDING + (1 / number.n if number.n else 0.0)
            verdict = REPRODUCED if low - slack <= other <= high + slack else OUTSIDE
        yield Verdict(table, cell, number.value, low, high, other, verdict)


def read_values(path: Path) -> dict[tuple, Number]:
    """The values of a stored table by their keys. Raises TableFileError naming a file that is none."""
    return {tuple(number.keys.values()): number for number in read_table(path).numbers if number.role == VALUE}


def print_comparison(comparison: Comparison, run: str | Path, reference: str | Path, console: Console) -> None:
    """Print one table of verdicts for each published table, what is missing, and a last line that sums up."""
    for name in dict.fromkeys(verdict.table for verdict in comparison.verdicts):
        verdicts = [verdict for verdict in comparison.verdicts if verdict.table == name]
        table = Table("cell", title=name, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("published", "interval", "this run"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for cell, verdict in zip(_short_names(verdicts), verdicts, strict=True):
            interval = f"{_number(verdict.low)} … {_number(verdict.high)}"
            judged = Text(verdict.verdict, style=STYLES[verdict.verdict])
            table.add_row(Text(cell), _number(verdict.published), interval, _number(verdict.found), judged)
        console.print(table)
    for path in comparison.missing_files:
        console.print(Text(f"missing: {Path(run) / path}, which {reference} has", style="bold red"), soft_wrap=True)
    for verdict in comparison.verdicts:
        if verdict.verdict != REPRODUCED:
            where = f"{verdict.table}: {' · '.join(part for part in verdict.cell if part)}"
            reason = f"{_number(verdict.found)} instead of {_number(verdict.low)} … {_number(verdict.high)}"
            if verdict.verdict == MISSING:
                reason = "the run has no such cell"
            console.print(Text(f"{verdict.verdict}: {where}: {reason}", style="bold red"), soft_wrap=True)
    good = sum(verdict.verdict == REPRODUCED for verdict in comparison.verdicts)
    word = "reproduced" if comparison.reproduced else "NOT reproduced"
    said = [f"{word}: {good} of {len(comparison.verdicts)} cells of {reference} lie inside their intervals"]
    if comparison.missing_files:
        said.append(f"missing files: {len(comparison.missing_files)}")
    if comparison.unpublished_cells:
        said.append(f"{comparison.unpublished_cells} further cells were never published")
    for target, count in comparison.left_out.items():
        said.append(f"{count} files that only `snakemake --cores all {target}` makes were not compared")
    style = "bold green" if comparison.reproduced else "bold red"
    console.print(Text("; ".join(said), style=style), soft_wrap=True)


def _short_names(verdicts: list[Verdict]) -> list[str]:
    """Names of cells without the keys that all of them share."""
    keys = list(zip(*(verdict.cell for verdict in verdicts), strict=True))
    varying = [key for key in keys if len(set(key)) > 1] or keys
    return [" ".join(part for part in parts if part) for parts in zip(*varying, strict=True)]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
