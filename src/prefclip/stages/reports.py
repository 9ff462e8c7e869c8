"""Tables, figures and headline numbers."""

from functools import partial
from typing import Annotated

import typer

from prefclip.run.files import RunFiles
from prefclip.stages.options import Run


def table(run: Run, name: Annotated[str, typer.Argument(help="name of the table")]) -> None:
    """Make one table: an object whose numbers name their sources (JSON), and CSV, Markdown and LaTeX of it."""
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.tables import leaf, make_table

    layout = RunFiles(str(run))
    config = layout.read_config()
    made = leaf(name, config)
    with recorded(
        "table",
        inputs=made.reads(config, layout),
        outputs=[layout.table(name, form) for form in ("json", "csv", "md", "tex")],
        config=layout.config,
        keys=made.settings(config),
        wildcards={"table": name},
    ):
        make_table(layout, name)


def summary(run: Run) -> None:
    """Write the headline accuracies of a run as JSON, which `dvc metrics show` and `dvc metrics diff` read."""
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.summary import summarise

    layout = RunFiles(str(run))
    table = layout.table("typographic", "json")
    with recorded("summary", inputs=[table], outputs=[layout.summary], config=layout.config, keys=["data", "methods"]):
        summarise(layout.read_config(), table, layout.summary)


def figure(run: Run, name: Annotated[str, typer.Argument(help="name of the figure")]) -> None:
    """Draw one figure as PDF and PNG."""
    from prefclip.lineage.figure_ids import figure_metadata
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.figure_inputs import concept_figures, figure_inputs, sweep_figures
    from prefclip.reporting.figures import draw_figure

    layout = RunFiles(str(run))
    config = layout.read_config()
    with recorded(
        "figure",
        inputs=figure_inputs(config, layout, name),
        outputs=[layout.figure(name, form) for form in ("pdf", "png")],
        config=layout.config,
        keys=[
            *("data", "methods", "seeds", "evaluation"),
            *(["sweeps"] if name in sweep_figures(config) else []),
            *(["concepts"] if name in concept_figures(config) else []),
        ],
        wildcards={"figure": name},
    ) as drawing:
        draw_figure(layout, name, partial(figure_metadata, drawing.activity))
