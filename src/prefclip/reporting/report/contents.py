"""The files of a run that its pages show; light enough for the Snakefile to ask."""

from typing import NamedTuple

from prefclip.config import Config
from prefclip.reporting.figures import figure_names
from prefclip.reporting.report.rehearsal import source_files
from prefclip.reporting.tables import table_names
from prefclip.run.files import RunFiles
from prefclip.run.plan import concept_runs, ledger_file


class PageParts(NamedTuple):
    """The tables and figures of one group."""

    tables: list[str]
    figures: list[str]

    @property
    def all(self) -> list[str]:
        """Both, and in print form too."""
        return self.tables + self.figures


def page_parts(config: Config, files: RunFiles, group: str) -> PageParts:
    """Return the tables and figures of a group (main, concepts, ablations, tuning) in all forms."""
    tables = table_names(config, group)
    figures = figure_names(config, group)
    return PageParts(
        [files.table(name, form) for name in tables for form in ("json", "csv", "md", "tex")],
        [files.figure(name, form) for name in figures for form in ("pdf", "png")],
    )


def page_inputs(config: Config, files: RunFiles, ablations: bool = False) -> list[str]:
    """Return what a page is made of: verdicts, tables, figures, explored pictures, swept concepts, sources of pictures.

    With ``ablations``, verdicts, tables and figures of the sweeps alone.
    """
    groups = ("ablations",) if ablations else ("main", "concepts")
    parts = [path for group in groups for path in page_parts(config, files, group).all]
    found = [path for path in parts if path.endswith((".json", ".png"))]
    found += [files.verdicts(ablations), ledger_file()]
    further = [files.explorer, files.summary, *sweep_inputs(config, files), *source_files(config, files)]
    return found if ablations else [*found, *further]


def sweep_inputs(config: Config, files: RunFiles) -> list[str]:
    """Return what the sliders of the concept maps are made of."""
    found = []
    for name, settings in config.concepts.items():
        runs = [run for run in concept_runs(config) if run[1] == name]
        found += [files.concept_sweep(*run) for run in runs]
        if settings.concept == "gender":
            dataset = config.concept_dataset(name)
            found += [files.neutral_scale(*runs[0]), files.retrieval(*runs[0])]
            found += [files.images(dataset), files.classes(dataset)]
    return found
