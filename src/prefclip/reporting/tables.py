"""Tables by name."""

from collections.abc import Callable
from types import MappingProxyType

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.layout import RunLayout
from prefclip.reporting.estimates import Estimates, read_estimates
from prefclip.reporting.main_results import main_results
from prefclip.reporting.method_tables import retention, text_confusion, typographic
from prefclip.reporting.table_files import Table, write_table

TABLES: MappingProxyType[str, Callable[[Estimates, Config], Table]] = MappingProxyType(
    {
        "typographic": typographic,
        "text_confusion": text_confusion,
        "retention": retention,
        "main_results": main_results,
    }
)


class UnknownTableError(PrefclipError):
    """No table has this name."""


def make_table(layout: RunLayout, name: str) -> None:
    """Make ``tables/<name>.csv``, ``.md`` and ``.tex`` of a run from its predictions.

    Raises UnknownTableError, which lists the tables; TableError or EstimateError for predictions that are missing or do
    not belong together.
    """
    if name not in TABLES:
        raise UnknownTableError(f"unknown table {name!r}; allowed: {', '.join(TABLES)}.")
    config = layout.read_config()
    table = TABLES[name](read_estimates(config, layout), config)
    write_table(table, layout.table(name, "csv").removesuffix(".csv"))
