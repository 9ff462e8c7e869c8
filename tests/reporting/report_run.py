"""A made-up run with all that the report shows."""

import base64
import math
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pyarrow as pa
from synthetic_run import synthetic_config, write_synthetic_run

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.config import Config, method_names
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.data_uris import picture_uri
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.parquet_tables import write_table
from prefclip.evaluation.concept_table import ConceptRows, Place
from prefclip.explain.explorer import CELLS
from prefclip.explain.explorer_file import FORMAT
from prefclip.explain.saliency.box_metrics import BOX_COLUMNS
from prefclip.files import write_json, write_text
from prefclip.lineage.run_facts import run_facts
from prefclip.reporting.claims.judging import claims_of, judge, write_verdicts
from prefclip.reporting.claims.ledger import shipped_ledger
from prefclip.reporting.figures import draw_figure
from prefclip.reporting.labels import scopes_of
from prefclip.reporting.report.page import build_report, report_sources
from prefclip.reporting.report.sweeps import PARTS
from prefclip.reporting.tables import make_table, table_names
from prefclip.run.files import RunFiles
from prefclip.seeds import generator_for
from prefclip.table import read_table


def write_explorer(config: Config, layout: RunFiles) -> None:
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


def write_sweeps(config: Config, layout: RunFiles) -> None:
    """Write what sweeps of a reading and a gender map could have: made-up numbers that follow t."""
    for name, settings in config.concepts.items():
        which = (config.model.key, name, settings.seeds[0])
        rows = ConceptRows(config.model.key, name, settings.concept, which[2], config.evaluation)
        if settings.concept == "reading":
            kinds = (("accuracy", "clean"), ("accuracy", "typographic"), ("text_confusion", "typographic"))
            scopes = dict.fromkeys([*config.datasets, *scopes_of(config)])
            places = [(Place(each, images, "test"), metric) for each in scopes for metric, images in kinds]
        else:
            metrics = ("probability_true", "gender_accuracy", "concept_accuracy")
            places = [(Place("people", "clean", part), metric) for part in PARTS for metric in metrics]
            ranks = pd.DataFrame(
                [
                    {"t": t, "query": query, "rank": rank, "row": (rank + int(t)) % 6, "name": query, "gender": "woman"}
                    for t in settings.scales
                    for query in ("cook", "judge")
                    for rank in (1, 2, 3)
                ]
            )
            write_json(layout.neutral_scale(*which), {"t": -1.0})
            write_table(layout.retrieval(*which), pa.Table.from_pandas(ranks, preserve_index=False))
        for place, metric in places:
            for t in (math.nan, *settings.scales):
                level = 0.5 if math.isnan(t) else 0.5 + t / 10
                rows.number(place, t, metric, level, 40, level - 0.05, level + 0.05)
        rows.write(layout.concept_sweep(*which))


def write_verdicts_of(layout: RunFiles, ablations: bool = False) -> None:
    """Judge the claims of the ledger by the tables that are there."""
    tables = {path.stem: read_table(path) for path in sorted(Path(layout.root).glob("tables/*.json"))}
    write_verdicts(judge(claims_of(shipped_ledger(), ablations), tables, "toy"), layout.verdicts(ablations))


def write_report(config: Config, layout: RunFiles) -> Path:
    """Write tables, one figure and the page of a run; returns the page."""
    for name in table_names(config, "main"):
        make_table(layout, name)
    draw_figure(layout, "retention_boxes")
    write_explorer(config, layout)
    write_sweeps(config, layout)
    write_verdicts_of(layout)
    build_report(config, layout, run_facts(report_sources(config, layout)), layout.report)
    return Path(layout.report)


def reported_run(world: Path, made_up: RunFiles, folder: Path) -> tuple[Config, RunFiles]:
    """Copy the made-up run and add two concept maps and its report."""
    scales = {"scales": [-2, -1, 0, 1, 2]}
    concepts = {"reading": {"concept": "reading", **scales}, "gender": {"concept": "gender", **scales}}
    config, layout = synthetic_config(world, concepts=concepts), RunFiles(str(folder))
    shutil.copytree(made_up.root, folder)
    write_text(layout.config, config.model_dump_json(indent=2) + "\n")
    write_report(config, layout)
    return config, layout


def write_ablations_page(world: Path, folder: Path) -> RunFiles:
    """Write a made-up run with one sweep, its tables, its figure and their page."""
    grids = {"beta": {"vary": "beta", "methods": ["dpo"], "values": [0.1, 1.0], "seeds": [0]}}
    config = synthetic_config(world, sweeps={"grids": grids}, data={"bias": []})
    layout = write_synthetic_run(folder, config)
    for name in table_names(config, "ablations"):
        make_table(layout, name)
    draw_figure(layout, "sweep_beta")
    write_verdicts_of(layout, ablations=True)
    facts = run_facts(report_sources(config, layout, ablations=True))
    build_report(config, layout, facts, layout.ablations_report, ablations=True)
    return layout


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
