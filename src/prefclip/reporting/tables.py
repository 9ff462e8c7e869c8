"""Tables by name."""

from collections.abc import Callable
from types import MappingProxyType

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.reporting.against_authors import against_authors
from prefclip.reporting.concept_numbers import ConceptNumbers, read_concept_numbers
from prefclip.reporting.concept_tables import bias, concepts
from prefclip.reporting.estimates import Estimates, read_estimates
from prefclip.reporting.labels import column_groups
from prefclip.reporting.main_results import ALL_SETS, main_results
from prefclip.reporting.method_tables import retention, text_confusion, typographic
from prefclip.reporting.real_photos import real_photos
from prefclip.reporting.saliency_table import saliency_table
from prefclip.reporting.sweep_numbers import SweepNumbers, read_sweep_numbers, sweep_scopes
from prefclip.reporting.sweep_tables import ablation_objective, sweeps
from prefclip.reporting.table_files import Table, write_table
from prefclip.reporting.table_inputs import SALIENCY, table_names
from prefclip.run.files import RunFiles

TABLES: MappingProxyType[str, Callable[[Estimates, Config], Table]] = MappingProxyType(
    {
        "typographic": typographic,
        "text_confusion": text_confusion,
        "retention": retention,
        "main_results": main_results,
        "real_photos": real_photos,
        "against_authors": against_authors,
    }
)
SWEEP_TABLES: MappingProxyType[str, Callable[[SweepNumbers, Config], Table]] = MappingProxyType(
    {"ablation_objective": ablation_objective, "sweeps": sweeps}
)
CONCEPT_TABLES: MappingProxyType[str, Callable[[ConceptNumbers, Config], Table]] = MappingProxyType(
    {"concepts": concepts, "bias": bias}
)


class UnknownTableError(PrefclipError):
    """A run has no table of this name."""


def make_table(layout: RunFiles, name: str) -> None:
    """Make ``tables/<name>.csv``, ``.md`` and ``.tex`` of a run from its predictions.

    Raises UnknownTableError, which lists the tables; TableError or EstimateError for predictions that are missing or do
    not belong together.
    """
    config = layout.read_config()
    allowed = table_names(config)
    if name == SALIENCY and name in allowed:
        table = saliency_table(config, layout)
    elif name in allowed:
        table = TABLES[name](read_estimates(config, layout), config)
    elif name in SWEEP_TABLES:
        table = SWEEP_TABLES[name](read_sweep_numbers(config, layout), config)
    elif name in CONCEPT_TABLES:
        table = CONCEPT_TABLES[name](read_concept_numbers(config, layout), config)
    else:
        known = "this run has no" if name in {*TABLES, SALIENCY} else "unknown"
        raise UnknownTableError(
            f"{known} table {name!r}; allowed: {', '.join([*allowed, *SWEEP_TABLES, *CONCEPT_TABLES])}."
        )
    write_table(table, layout.table(name, "csv").removesuffix(".csv"))


def cell_groups(config: Config, name: str) -> dict[str, tuple[str, ...]]:
    """Return the data sets behind every column and scope of a table."""
    if name in CONCEPT_TABLES:
        return column_groups(config)
    if name in SWEEP_TABLES:
        return sweep_scopes(config)
    return column_groups(config) | {ALL_SETS: (config.data.train, *config.data.zero_shot)}
