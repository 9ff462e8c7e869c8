"""The browsable report."""

from prefclip.layout import RunLayout
from prefclip.stages.options import Run


def report(run: Run) -> None:
    """Build the browsable report of a run, one page that needs no network, from its tables and figures."""
    from prefclip.lineage.recording import recorded
    from prefclip.lineage.run_facts import run_facts
    from prefclip.reporting.report.page import build_report, report_sources

    layout = RunLayout(str(run))
    config = layout.read_config()
    sources = report_sources(layout)
    with recorded(
        "report", inputs=sources, outputs=[layout.report], config=layout.config, keys=sorted(type(config).model_fields)
    ):
        build_report(config, layout, run_facts(sources), layout.report)
