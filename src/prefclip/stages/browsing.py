"""The browsable report, and what is computed for it alone."""

from typing import Annotated

import typer

from prefclip.layout import RunLayout, explored_checkpoints, weights_files
from prefclip.stages.options import Run, Threads


def explore(run: Run, threads: Threads = 1) -> None:
    """Ask every method, with its first seed, about a few test pictures: answers and saliency maps for the report."""
    from prefclip.evaluation.explorer import explore_images
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    config = layout.read_config()
    checkpoints = explored_checkpoints(config, layout)
    with recorded(
        "explore",
        inputs=[
            *filter(None, checkpoints.values()),
            *weights_files(config),
            *(path for dataset in config.attacked_datasets for path in layout.attacked_set(dataset)),
        ],
        outputs=[layout.explorer],
        config=layout.config,
        keys=["data", "model", "methods", "seeds", "evaluation"],
        seed=config.seeds[0],
    ):
        explore_images(
            config,
            checkpoints,
            run / "classes",
            run / "images",
            run / "manifests",
            layout.explorer,
            threads=threads,
        )


def report(
    run: Run,
    ablations: Annotated[bool, typer.Option("--ablations", help="the page of the sweeps instead")] = False,
) -> None:
    """Build the browsable report of a run: one page that needs no network."""
    from prefclip.lineage.recording import recorded
    from prefclip.lineage.run_facts import run_facts
    from prefclip.reporting.report.page import build_report, report_sources

    layout = RunLayout(str(run))
    config = layout.read_config()
    sources = report_sources(config, layout, ablations)
    page = layout.ablations_report if ablations else layout.report
    keys = sorted({*type(config).model_fields} - {"experiment"})
    with recorded("report", inputs=sources, outputs=[page], config=layout.config, keys=keys):
        build_report(config, layout, run_facts(sources), page, ablations)
