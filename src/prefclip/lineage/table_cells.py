"""Cells of a table: which one a person means, and the files that it was computed from."""

from pathlib import PurePosixPath

from prefclip.lineage.project import FileProblem, LineageError, Project
from prefclip.lineage.record import LARGEST_RECORD
from prefclip.table import Number, Source, Table, parse_table


def read_table_of(project: Project, view: str) -> Table:
    """Read the table that a view of it (CSV, Markdown, LaTeX), or its own file, belongs to.

    Raises LineageError where it is missing, TableFileError where it is damaged.
    """
    name = str(PurePosixPath(view).with_suffix(".json"))
    try:
        return parse_table(project.read(name, LARGEST_RECORD), name)
    except FileProblem as problem:
        raise LineageError(f"{name}: {problem}; only tables made by `prefclip table` have cells.") from problem


def find_cell(table: Table, place: str) -> Number:
    """Return the number at ``ROW,COLUMN``; words may be left out while only one number has those that remain.

    Raises LineageError that lists what there is to choose from.
    """
    row, _, column = (set(part.split()) for part in place.partition(","))
    found = [each for each in table.numbers if row <= set(each.row.split()) and column <= set(each.column.split())]
    # ``dpo raw`` is that row, not ``dpo raw difference``.
    found = [each for each in found if row == set(each.row.split())] or found
    found = [each for each in found if column == set(each.column.split())] or found
    if len(found) == 1:
        return found[0]
    if found:
        choice = "; ".join(f"{each.row},{each.column}" for each in found[:8])
        raise LineageError(f"{table.name}: several cells are {place!r}, add words: {choice}.")
    rows = ", ".join(dict.fromkeys(repr(each.row) for each in table.numbers))
    of_row = [each for each in table.numbers if row <= set(each.row.split())]
    columns = ", ".join(dict.fromkeys(repr(each.column) for each in of_row or table.numbers))
    which = "its columns are" if of_row else f"rows are {rows}; columns are"
    raise LineageError(f"{table.name}: no cell {place!r}; {which} {columns}.")


def source_names(view: str, source: Source) -> list[str]:
    """Return the names, below the repository, of a source of the table of ``view`` and of the files beside it."""
    return source.paths(str(PurePosixPath(view).parent.parent))
