"""Tables, figures and headline numbers."""

from functools import partial
from typing import Annotated

import typer

from prefclip.run.files import RunFiles
from prefclip.run.plan import CONCEPT_TABLES, concept_runs
from prefclip.stages.options import Run


def table(run: Run, name: Annotated[str, typer.Argument(help="name of the table")]) -> None:
    """Write one table as CSV, Markdown and LaTeX, and the list of metrics that each cell comes from."""
    from prefclip.evaluation.concept_table import read_neutral
    from prefclip.lineage.cells import cells_name, write_cells
    from prefclip.lineage.concept_cells import write_concept_cells
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.concept_numbers import power_name
    from prefclip.reporting.table_inputs import metrics_files, table_inputs, table_keys
    from prefclip.reporting.tables import cell_groups, make_table

    layout = RunFiles(str(run))
    config = layout.read_config()
    csv = layout.table(name, "csv")
    outputs = [*(layout.table(name, form) for form in ("csv", "md", "tex")), cells_name(csv)]
    with recorded(
        "table",
        inputs=table_inputs(config, layout, name),
        outputs=outputs,
        config=layout.config,
        keys=table_keys(name),
        wildcards={"table": name},
    ):
        make_table(layout, name)
        if name in CONCEPT_TABLES:
            neutral = {run[1:]: layout.neutral_scale(*run) for run in concept_runs(config, "gender")}
            write_concept_cells(
                csv,
                {run[1:]: layout.concept_sweep(*run) for run in concept_runs(config)},
                {which: (path, read_neutral(path)["t"]) for which, path in neutral.items()},
                layout.map_distances,
                cell_groups(config, name),
                power_name,
            )
        else:
            write_cells(csv, metrics_files(config, layout, name), cell_groups(config, name))


def summary(run: Run) -> None:
    """Write the headline accuracies of a run as JSON, which `dvc metrics show` and `dvc metrics diff` read."""
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.summary import summarise

    layout = RunFiles(str(run))
    table = layout.table("typographic")
    with recorded("summary", inputs=[table], outputs=[layout.summary], config=layout.config, keys=["data", "methods"]):
        summarise(layout.read_config(), table, layout.summary)


def figure(run: Run, name: Annotated[str, typer.Argument(help="name of the figure")]) -> None:
    """Draw one figure as PDF and PNG."""
    from prefclip.lineage.figure_ids import figure_metadata
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.figures import draw_figure, leaf

    layout = RunFiles(str(run))
    config = layout.read_config()
    shown = leaf(name, config)
    with recorded(
        "figure",
        inputs=shown.reads(config, layout),
        outputs=[layout.figure(name, form) for form in ("pdf", "png")],
        config=layout.config,
        keys=shown.settings(config),
        wildcards={"figure": name},
    ) as drawing:
        draw_figure(layout, name, partial(figure_metadata, drawing.activity))
