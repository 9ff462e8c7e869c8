"""One figure, as PDF and PNG."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from prefclip.run.options import Run
from prefclip.run.step import Step


@dataclass(frozen=True)
class Figure(Step):
    """Draws the figure that a leaf of `prefclip.reporting.figures` describes."""

    figure: str
    command = "figure {run} {figure}"

    @classmethod
    def jobs(cls, config):
        from prefclip.reporting.figure_inputs import concept_figures, figure_names, sweep_figures

        names = (*figure_names(config), *concept_figures(config), *sweep_figures(config))
        yield from (cls(config, name) for name in names)

    @property
    def input(self):
        from prefclip.reporting.figure_inputs import figure_inputs

        return {"drawn": figure_inputs(self.config, self.files, self.figure)}

    @property
    def output(self):
        return {form: self.files.figure(self.figure, form) for form in ("pdf", "png")}

    @property
    def settings(self):
        return self.values("data", "methods", "seeds", "evaluation", "sweeps", "concepts")


DECLARES = Figure


def figure(run: Run, name: Annotated[str, typer.Argument(help="name of the figure")]) -> None:
    """Draw one figure as PDF and PNG."""
    from prefclip.lineage.figure_ids import figure_metadata
    from prefclip.reporting.figures import draw_figure

    step = Figure.of(run, figure=name)
    with step.recorded() as drawing:
        draw_figure(step.files, name, partial(figure_metadata, drawing.activity))
