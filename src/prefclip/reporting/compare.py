"""Did a run reproduce the published results? Cell by cell, inside their intervals."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from prefclip.errors import PrefclipError
from prefclip.reporting import figures
from prefclip.reporting.table_files import RESULT_COLUMNS
from prefclip.run.plan import SWEEP_TABLES

# Lineage records beside them tell of one run and are not compared.
FORMS = {"tables": ("csv", "md", "tex"), "figures": ("pdf", "png")}
LOG_WIDTH = 120  # characters of a line where the output is no terminal
REPRODUCED = "reproduced"
OUTSIDE = "outside"
MISSING = "missing"
STYLES = {REPRODUCED: "green", OUTSIDE: "bold red", MISSING: "bold red"}


class CompareError(PrefclipError):
    """Published results that nothing can be compared with."""


@dataclass(frozen=True)
class Verdict:
    """One cell of a published table, and whether the run has it inside the published interval."""

    table: str
    cell: tuple[str, ...]
    published: float
    low: float
    high: float
    found: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """All verdicts, the published files that the run lacks, and the run's cells that were never published.

    ``left_out``: published files of the ablations, where the run made none of them.
    """

    verdicts: tuple[Verdict, ...]
    missing_files: tuple[str, ...]
    unpublished_cells: int
    left_out: int = 0

    @property
    def reproduced(self) -> bool:
        """Whether every published file is there and every cell lies inside its interval."""
        return not self.missing_files and all(verdict.verdict == REPRODUCED for verdict in self.verdicts)


def compare_runs(run: str | Path, reference: str | Path, console: Console | None = None) -> bool:
    """Compare a run with published results, print every verdict, and return whether all were reproduced.

    Raises CompareError when ``reference`` holds no tables, or one that is not tidy.
    """
    comparison = compare_folders(run, reference)
    print_comparison(comparison, run, reference, console or Console(width=None if sys.stdout.isatty() else LOG_WIDTH))
    return comparison.reproduced


def compare_folders(run: str | Path, reference: str | Path) -> Comparison:
    """Judge every cell of ``reference/tables/*.csv`` and look for every file of its tables and figures.

    A cell is reproduced if the run's value lies between the published ci_low and ci_high; one image more or less (1/n)
    is forgiven, since the interval of a share that is 0 or 1 has no width. What only `snakemake ablations` makes is
    left out where the run made none of it. Raises CompareError as :func:`compare_runs`.
    """
    run, reference = Path(run), Path(reference)
    tables = sorted((reference / "tables").glob("*.csv"))
    if not tables:
        raise CompareError(
            f"{reference}/tables: holds no published table (*.csv); name a folder such as results/reference/embedded."
        )
    published = sorted(
        path.relative_to(reference)
        for name, forms in FORMS.items()
        for form in forms
        for path in (reference / name).glob(f"*.{form}")
    )
    only_there = {*SWEEP_TABLES, *(name for name in figures.all_names() if figures.leaf(name).GROUP == "ablations")}
    ablations = [path for path in published if path.stem in only_there]
    if any((run / path).is_file() for path in ablations):
        ablations = []
    published = [path for path in published if path not in ablations]
    tables = [path for path in tables if path.relative_to(reference) not in ablations]
    missing = tuple(str(path) for path in published if not (run / path).is_file())
    verdicts: list[Verdict] = []
    unpublished = 0
    for path in tables:
        wanted = read_cells(path)
        other = run / "tables" / path.name
        found = read_cells(other) if other.is_file() else {}
        verdicts += judge(path.stem, wanted, found)
        unpublished += len(found.keys() - wanted.keys())
    return Comparison(tuple(verdicts), missing, unpublished, len(ablations))


def judge(table: str, published: dict[tuple, dict], found: dict[tuple, dict]) -> Iterator[Verdict]:
    """One verdict for each published cell, in the order of the published table."""
    for cell, numbers in published.items():
        value = float(numbers["value"])
        low, high = float(numbers.get("ci_low", value)), float(numbers.get("ci_high", value))
        other = float(found[cell]["value"]) if cell in found else float("nan")
        if cell not in found:
            verdict = MISSING
        elif pd.isna(value) or pd.isna(other):
            verdict = REPRODUCED if pd.isna(value) and pd.isna(other) else OUTSIDE
        else:
            count = numbers.get("n", float("nan"))
            slack = 1 / count if count > 0 else 0.0
            # Without an interval the value itself is what a run must reach.
            low, high = (value if pd.isna(low) else low), (value if pd.isna(high) else high)
            verdict = REPRODUCED if low - slack <= other <= high + slack else OUTSIDE
        yield Verdict(table, cell, value, low, high, other, verdict)


def read_cells(path: Path) -> dict[tuple, dict]:
    """Cells of a tidy table: the columns that say which cell it is → its RESULT_COLUMNS.

    Raises CompareError naming a file that is not a tidy table.
    """
    remedy = "make it again with `prefclip table`"
    try:
        frame = pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in RESULT_COLUMNS})
    except (OSError, ValueError) as error:
        raise CompareError(f"{path}: not a readable CSV table ({str(error).splitlines()[0]}); {remedy}.") from error
    keys = [name for name in frame.columns if name not in RESULT_COLUMNS]
    if "value" not in frame or not pd.api.types.is_numeric_dtype(frame["value"]):
        raise CompareError(f"{path}: the column 'value' is missing or holds text; {remedy}.")
    results = frame[[name for name in frame.columns if name not in keys]].to_dict("records")
    cells = list(frame[keys].astype(str).itertuples(index=False, name=None))
    if len(set(cells)) < len(cells):
        twice = next(cell for cell in cells if cells.count(cell) > 1)
        raise CompareError(f"{path}: the cell {', '.join(twice)} occurs twice; {remedy}.")
    return dict(zip(cells, results, strict=True))


def print_comparison(comparison: Comparison, run: str | Path, reference: str | Path, console: Console) -> None:
    """Print one table of verdicts for each published table, what is missing, and a last line that sums up."""
    for name in dict.fromkeys(verdict.table for verdict in comparison.verdicts):
        verdicts = [verdict for verdict in comparison.verdicts if verdict.table == name]
        table = Table("cell", title=name, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("published", "interval", "this run"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for cell, verdict in zip(_short_names(verdicts), verdicts, strict=True):
            table.add_row(
                Text(cell),
                _number(verdict.published),
                f"{_number(verdict.low)} … {_number(verdict.high)}",
                _number(verdict.found),
                Text(verdict.verdict, style=STYLES[verdict.verdict]),
            )
        console.print(table)
    for path in comparison.missing_files:
        console.print(Text(f"missing: {Path(run) / path}, which {reference} has", style="bold red"), soft_wrap=True)
    for verdict in comparison.verdicts:
        if verdict.verdict != REPRODUCED:
            where = f"{verdict.table}: {' · '.join(part for part in verdict.cell if part)}"
            reason = (
                "the run has no such cell"
                if verdict.verdict == MISSING
                else f"{_number(verdict.found)} instead of {_number(verdict.low)} … {_number(verdict.high)}"
            )
            console.print(Text(f"{verdict.verdict}: {where}: {reason}", style="bold red"), soft_wrap=True)
    good = sum(verdict.verdict == REPRODUCED for verdict in comparison.verdicts)
    total = len(comparison.verdicts)
    word = "reproduced" if comparison.reproduced else "NOT reproduced"
    extra = (
        f"; {comparison.unpublished_cells} further cells were never published" if comparison.unpublished_cells else ""
    )
    files = f"; missing files: {len(comparison.missing_files)}" if comparison.missing_files else ""
    if comparison.left_out:
        extra += f"; {comparison.left_out} files that only `snakemake ablations` makes were not compared"
    line = f"{word}: {good} of {total} cells of {reference} lie inside their intervals{files}{extra}"
    console.print(Text(line, style="bold green" if comparison.reproduced else "bold red"), soft_wrap=True)


def _short_names(verdicts: list[Verdict]) -> list[str]:
    """Names of cells without the keys that all of them share."""
    keys = list(zip(*(verdict.cell for verdict in verdicts), strict=True))
    varying = [key for key in keys if len(set(key)) > 1] or keys
    return [" ".join(part for part in parts if part) for parts in zip(*varying, strict=True)]


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.4f}"
