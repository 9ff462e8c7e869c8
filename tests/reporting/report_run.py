"""A made-up run with all that the report shows."""

import re
from html.parser import HTMLParser
from pathlib import Path

from prefclip.config import Config
from prefclip.layout import RunLayout, method_runs
from prefclip.lineage.cells import write_cells
from prefclip.lineage.run_facts import run_facts
from prefclip.reporting.figures import draw_figure
from prefclip.reporting.main_results import cell_groups
from prefclip.reporting.report.page import build_report, report_sources
from prefclip.reporting.tables import TABLES, make_table


def write_report(config: Config, layout: RunLayout) -> Path:
    """Write tables, one figure and the page of a run; returns the page."""
    metrics = [layout.metrics(*each) for each in method_runs(config)]
    for name in TABLES:
        make_table(layout, name)
        write_cells(layout.table(name), metrics, cell_groups(config))
    draw_figure(layout, "retention_boxes")
    build_report(config, layout, run_facts(report_sources(layout)), layout.report)
    return Path(layout.report)


class Loads(HTMLParser):
    """Collects what a page would load: ``src`` of anything, ``href`` of stylesheets and icons, ``url()`` of styles."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self._in_style = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self._in_style = tag == "style"
        self.found += [values[key] for key in ("src", "srcset", "data", "poster") if values.get(key)]
        if tag in ("link", "use", "image"):
            self.found += [values[key] for key in ("href", "xlink:href") if values.get(key)]
        if "id" in values:
            self.ids.append(values["id"])

    def handle_data(self, data):
        if self._in_style:
            self.found += re.findall(r"url\((.*?)\)|@import (\S+)", data)
