"""One table: an object whose numbers name their sources, and its views."""

from dataclasses import dataclass
from typing import Annotated

import typer

from prefclip.reporting.tables import leaf, table_names
from prefclip.run.options import Run
from prefclip.run.shown import shown_names
from prefclip.run.step import Step

FORMS = ("json", "csv", "md", "tex")


@dataclass(frozen=True)
class Table(Step):
    """Makes the table that a leaf of `prefclip.reporting.tables` describes."""

    table: str
    command = "table {run} {table}"

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, name) for name in table_names(config))

    @property
    def input(self):
        return {"numbers": leaf(self.table, self.config).reads(self.config, self.files)}

    @property
    def output(self):
        return {form: self.files.table(self.table, form) for form in FORMS}

    @property
    def leaves(self):
        computed_with = getattr(leaf(self.table), "leaves", lambda config: ())
        return (f"prefclip.reporting.tables.{self.table}", *computed_with(self.config))

    @property
    def settings(self):
        return self.values(*leaf(self.table).settings(self.config)) | shown_names(self.config)


def table(run: Run, name: Annotated[str, typer.Argument(help="name of the table")]) -> None:
    """Make one table: an object whose numbers name their sources (JSON), and CSV, Markdown and LaTeX of it."""
    from prefclip.reporting.tables import make_table

    step = Table.of(run, table=name)
    leaf(name, step.config)
    with step.recorded():
        make_table(step.files, name)
