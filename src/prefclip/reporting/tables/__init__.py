"""Tables, found by name: each module describes one.

ORDER                    its place among the tables
GROUP                    what makes it: main, concepts, ablations or tuning
applies(config)          whether a configuration has it
reads(config, layout)    the files that it is made from, in a fixed order
settings(config)         dotted keys of the configuration that decide its bytes
make(config, layout)     the table
leaves(config)           if need be: modules found by name, such as losses, whose code decides its bytes

A module is light to import, so that the Snakefile can ask it; `make` imports what it needs.
"""

from types import ModuleType

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.files import write_text
from prefclip.leaves import leaf_names, shown_leaf
from prefclip.run.files import RunFiles
from prefclip.table import Table, write_table


class UnknownTableError(PrefclipError):
    """There is no table of this name, or this run has none."""


def table_names(config: Config | None = None, group: str | None = None) -> list[str]:
    """Return the tables of a configuration, or of any, in order; ``group``: of that one alone."""
    leaves = {name: leaf(name) for name in leaf_names(__name__)}
    leaves = {name: found for name, found in leaves.items() if config is None or found.applies(config)}
    return sorted((name for name in leaves if group in (None, leaves[name].GROUP)), key=lambda name: leaves[name].ORDER)


def leaf(name: str, config: Config | None = None) -> ModuleType:
    """Return the module of a table; of one that a configuration has, if it is given.

    Raises UnknownTableError, which lists the tables.
    """
    if name not in leaf_names(__name__):
        raise UnknownTableError(f"unknown table {name!r}; allowed: {', '.join(table_names(config))}.")
    found = shown_leaf(__name__, name, "make")
    if config is not None and not found.applies(config):
        raise UnknownTableError(f"this run has no table {name!r}; allowed: {', '.join(table_names(config))}.")
    return found


def make_table(layout: RunFiles, name: str) -> Table:
    """Make a table of a run, store it as ``tables/<name>.json`` and write its views beside it.

    Raises UnknownTableError; TableError or EstimateError for files that are missing or do not belong together.
    """
    from prefclip.reporting.table_views import VIEWS

    config = layout.read_config()
    table = leaf(name, config).make(config, layout)
    write_table(table, layout.table(name, "json"))
    for form, view in VIEWS.items():
        write_text(layout.table(name, form), view(table))
    return table
