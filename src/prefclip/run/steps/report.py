"""The browsable report of a run: one page that needs no network."""

from dataclasses import dataclass
from typing import Annotated

import typer

from prefclip.reporting.figures import figure_names
from prefclip.reporting.tables import table_names
from prefclip.run.options import Run
from prefclip.run.shown import shown_names
from prefclip.run.step import Step


@dataclass(frozen=True)
class Report(Step):
    """Builds the page; with ``ablations`` that of the sweeps instead."""

    ablations: bool = False
    command = "report {run} {ablations}"

    @classmethod
    def jobs(cls, config):
        yield cls(config)
        if config.sweeps.grids:
            yield cls(config, True)

    @property
    def input(self):
        from prefclip.reporting.report.contents import page_inputs

        return {"shown": page_inputs(self.config, self.files, self.ablations)}

    @property
    def output(self):
        return {"page": self.files.ablations_report if self.ablations else self.files.report}

    @property
    def leaves(self):
        groups = ("ablations",) if self.ablations else ("main", "concepts")
        tables = [name for group in groups for name in table_names(self.config, group)]
        figures = [name for group in groups for name in figure_names(self.config, group)]
        places = {"tables": tables, "figures": figures}
        return tuple(f"prefclip.reporting.{place}.{name}" for place, names in places.items() for name in names)

    @property
    def settings(self):
        keys = sorted(set(type(self.config).model_fields) - {"experiment"})
        return self.values(*keys) | shown_names(self.config)


def report(
    run: Run,
    ablations: Annotated[bool, typer.Option("--ablations", help="the page of the sweeps instead")] = False,
) -> None:
    """Build the browsable report of a run: one page that needs no network."""
    from prefclip.lineage.run_facts import run_facts
    from prefclip.reporting.report.page import build_report

    step = Report.of(run, ablations=ablations)
    with step.recorded():
        build_report(step.config, step.files, run_facts(step.inputs), step.output["page"], ablations)
