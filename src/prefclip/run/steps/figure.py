"""One figure, as PDF and PNG."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from prefclip.reporting.drawing.fonts import drawn_fonts
from prefclip.reporting.figures import figure_names, leaf
from prefclip.run.options import Run
from prefclip.run.shown import shown_names
from prefclip.run.step import Step


@dataclass(frozen=True)
class Figure(Step):
    """Draws the figure that a leaf of `prefclip.reporting.figures` describes."""

    figure: str
    command = "figure {run} {figure}"

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, name) for name in figure_names(config))

    @property
    def input(self):
        return {"drawn": leaf(self.figure, self.config).reads(self.config, self.files)}

    @property
    def output(self):
        return {form: self.files.figure(self.figure, form) for form in ("pdf", "png")}

    @property
    def leaves(self):
        drawn_with = getattr(leaf(self.figure), "leaves", lambda config: ())
        return (f"prefclip.reporting.figures.{self.figure}", *drawn_with(self.config))

    @property
    def fonts(self):
        return drawn_fonts()

    @property
    def settings(self):
        return self.values(*leaf(self.figure).settings(self.config)) | shown_names(self.config)


def figure(run: Run, name: Annotated[str, typer.Argument(help="name of the figure")]) -> None:
    """Draw one figure as PDF and PNG."""
    from prefclip.lineage.figure_ids import figure_metadata
    from prefclip.reporting.figures import draw_figure

    step = Figure.of(run, figure=name)
    leaf(name, step.config)
    with step.recorded() as drawing:
        draw_figure(step.files, name, partial(figure_metadata, drawing.activity))
