"""One table: an object that carries the sources of its numbers, and its views."""

from dataclasses import dataclass
from typing import Annotated

import typer

from prefclip.run.options import Run
from prefclip.run.step import Step

FORMS = ("csv", "md", "tex")


@dataclass(frozen=True)
class Table(Step):
    """Makes the table that a leaf of `prefclip.reporting.tables` describes."""

    table: str
    command = "table {run} {table}"

    @classmethod
    def jobs(cls, config):
        from prefclip.reporting.table_inputs import all_table_names

        yield from (cls(config, name) for name in all_table_names(config))

    @property
    def input(self):
        from prefclip.reporting.table_inputs import table_inputs

        return {"numbers": table_inputs(self.config, self.files, self.table)}

    @property
    def output(self):
        return {form: self.files.table(self.table, form) for form in FORMS}

    @property
    def settings(self):
        from prefclip.reporting.table_inputs import table_keys

        return self.values(*table_keys(self.table))


DECLARES = Table


def table(run: Run, name: Annotated[str, typer.Argument(help="name of the table")]) -> None:
    """Write one table as CSV, Markdown and LaTeX, and the list of metrics that each cell comes from."""
    from prefclip.reporting.tables import make_table

    step = Table.of(run, table=name)
    with step.recorded():
        make_table(step.files, name)
