"""A made-up run with all that the report shows."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

from prefclip.attacks.synthesis import read_attacked_manifest
from prefclip.config import Config, method_names
from prefclip.datasets.data_uris import picture_uri
from prefclip.datasets.manifests import open_images, read_classes
from prefclip.evaluation.explorer import CELLS
from prefclip.evaluation.explorer_file import FORMAT
from prefclip.evaluation.saliency.box_metrics import BOX_COLUMNS
from prefclip.files import write_json
from prefclip.layout import RunLayout, method_runs
from prefclip.lineage.cells import write_cells
from prefclip.lineage.run_facts import run_facts
from prefclip.reporting.figures import draw_figure
from prefclip.reporting.report.page import build_report, report_sources
from prefclip.reporting.report.shown_tables import FIRST_TABLES
from prefclip.reporting.tables import cell_groups, make_table
from prefclip.seeds import generator_for


def write_explorer(config: Config, layout: RunLayout) -> None:
    """Write what `prefclip explore` could have: pictures of the run, answers and maps made up."""
    methods, pictures = method_names(config), []
    for dataset in config.datasets:
        rows = read_attacked_manifest(layout.attacked_manifest(dataset)).query("split == 'test'").head(2)
        names = read_classes(layout.classes(dataset)).names
        clean, attacked = open_images(layout.images(dataset)), open_images(layout.attacked_images(dataset))
        for row in rows.to_dict("records"):
            noise = generator_for(row["attacked_id"], "made-up explorer")
            answers = [[name, round(0.9 / 2**place, 4)] for place, name in enumerate(noise.permutation(names)[:5])]
            pictures.append(
                {
                    "id": row["attacked_id"],
                    "dataset": dataset,
                    "name": names[row["label"]],
                    "word": names[row["word_label"]],
                    "box": [int(row[column]) for column in BOX_COLUMNS],
                    "clean": picture_uri(clean[row["clean_row"]]),
                    "typographic": picture_uri(attacked[row["row"]]),
                    "answers": {method: {"clean": answers, "typographic": answers[::-1]} for method in methods},
                    "maps": base64.b64encode(noise.bytes(len(methods) * 4 * CELLS**2)).decode(),
                    "strength": [1.0, 2.0],
                }
            )
    values = {"format": FORMAT, "explainer": "occlusion", "cells": CELLS, "side": 64, "seed": 0}
    write_json(layout.explorer, {**values, "methods": methods, "pictures": pictures})


def write_report(config: Config, layout: RunLayout) -> Path:
    """Write tables, one figure and the page of a run; returns the page."""
    metrics = [layout.metrics(*each) for each in method_runs(config)]
    for name in FIRST_TABLES:
        make_table(layout, name)
        write_cells(layout.table(name), metrics, cell_groups(config, name))
    draw_figure(layout, "retention_boxes")
    write_explorer(config, layout)
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
