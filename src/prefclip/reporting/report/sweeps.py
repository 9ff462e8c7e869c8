"""What the t slider moves: curves over t of every concept map, and the pictures that captions retrieve at each t."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prefclip.config import Config
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.data_uris import picture_uri
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.parquet_tables import read_table
from prefclip.evaluation.concept_table import ALL, REMEDY, read_concept_table, read_neutral
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS
from prefclip.reporting.data_limits import limits_text, tones_in_order
from prefclip.reporting.drawing.curves import rows_of
from prefclip.reporting.labels import dataset_label, scopes_of
from prefclip.reporting.report.contents import sweep_inputs
from prefclip.run.files import RunFiles

QUERIES = 6
SHOWN = 8
THUMBNAIL = 64  # pixels
RANKS = ("t", "query", "rank", "row", "name", "gender")
# Metric, images, and how the page calls and colours it.
READING_CURVES = (
    ("accuracy", CLEAN, "object named, clean pictures", "blue"),
    ("accuracy", TYPOGRAPHIC, "object named, attacked pictures", "true"),
    ("text_confusion", TYPOGRAPHIC, "written word named", "word"),
)
GENDER_CURVES = (
    ("probability_true", "mean probability of the own gender's word", "blue"),
    ("gender_accuracy", "gender recognised", "word"),
    ("concept_accuracy", "occupation or activity recognised", "true"),
)
PARTS = {SEEN_CONCEPTS: "concepts trained on", HELD_OUT_CONCEPTS: "held-out concepts"}


def read_sweeps(config: Config, layout: RunFiles) -> dict[str, Any] | None:
    """Return the maps with their curves and pictures, as plain values for the page; None where there is none.

    Several seeds are averaged as in the figures (`curves.rows_of`); the neutral t and the pictures are those of the
    first seed. Pictures stand once in ``pictures``, and ``retrieval`` names them by number.
    Raises PrefclipError naming a file that is damaged.
    """
    read = sweep_inputs(config, layout)
    if not (read and all(Path(path).is_file() for path in read)):
        return None
    pictures: dict[tuple[str, int], int] = {}
    maps = []
    for name, settings in config.concepts.items():
        model, first = config.model.key, settings.seeds[0]
        table = read_concept_table([layout.concept_sweep(model, name, seed) for seed in settings.seeds])
        found: dict[str, Any] = {"name": name, "concept": settings.concept, "neutral": None, "retrieval": None}
        # Two maps, or one of reduced rank, do not cancel at t = 0 (`models.concept_powers`).
        found["exact"] = not settings.separate and settings.rank is None
        if settings.concept == "reading":
            scopes = _reading_scopes(config, table)
        else:
            dataset = config.concept_dataset(name)
            scopes = _gender_scopes(table)
            found["neutral"] = _plain(read_neutral(layout.neutral_scale(model, name, first))["t"])
            ranks = read_table(layout.retrieval(model, name, first), list(RANKS), REMEDY)
            template = read_classes(layout.classes(dataset)).template
            found["retrieval"] = _retrieval(ranks, dataset, template, pictures)
            tones = tones_in_order(table.loc[(table["axis"] == "tone") & (table["group"] != ALL), "group"].unique())
            found["limits"] = limits_text(dataset, tones)
        scales = sorted({t for scope in scopes for curve in scope["curves"] for t in curve.pop("t")})
        maps.append({**found, "title": name.replace("_", " "), "scales": scales, "scopes": scopes})
    return {"maps": maps, "pictures": _thumbnails(layout, pictures)}


def _reading_scopes(config: Config, table: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for scope in (*scopes_of(config), *config.data.zero_shot):
        curves = [
            _curve(rows_of(table, dataset=scope, images=images, metric=metric), label, colour)
            for metric, images, label, colour in READING_CURVES
        ]
        found.append({"title": dataset_label(scope), "curves": curves})
    return found


def _gender_scopes(table: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for part, title in PARTS.items():
        if (table["part"] == part).any():
            measured = [(rows_of(table, part=part, axis=ALL, metric=metric), *rest) for metric, *rest in GENDER_CURVES]
            found.append({"title": title, "curves": [_curve(*each) for each in measured]})
    return found


def _curve(rows: pd.DataFrame, label: str, colour: str) -> dict[str, Any]:
    columns = {"value": "value", "low": "ci_low", "high": "ci_high"}
    numbers = {key: [_plain(value) for value in rows[name]] for key, name in columns.items()}
    return {"label": label, "colour": colour, "t": [float(t) for t in rows["t"]], **numbers}


def _plain(value: float) -> float | None:
    return None if not math.isfinite(value) else round(float(value), 5)


def _retrieval(ranks: pd.DataFrame, dataset: str, template: str, pictures: dict) -> dict[str, Any]:
    """The first SHOWN pictures of some captions, spread over all in their order, at every t that has them."""
    names = list(dict.fromkeys(ranks["query"]))
    chosen = [names[place] for place in np.unique(np.linspace(0, len(names) - 1, min(QUERIES, len(names))).astype(int))]
    ranks = ranks[ranks["query"].isin(chosen) & (ranks["rank"] <= SHOWN)].sort_values(["query", "t", "rank"])
    scales = sorted(float(t) for t in ranks["t"].unique())
    queries = []
    for query in chosen:
        found = []
        for t in scales:
            rows = ranks[(ranks["query"] == query) & (ranks["t"] == t)]
            shown = zip(rows["row"], rows["name"], rows["gender"], strict=True)
            found.append([[pictures.setdefault((dataset, int(row)), len(pictures)), *who] for row, *who in shown])
        queries.append({"name": query, "caption": template.format(query), "ranks": found})
    return {"scales": scales, "queries": queries}


def _thumbnails(layout: RunFiles, pictures: dict[tuple[str, int], int]) -> list[str]:
    stacks = {dataset: open_images(layout.images(dataset)) for dataset in {dataset for dataset, _ in pictures}}
    return [picture_uri(np.array(stacks[dataset][row]), THUMBNAIL) for dataset, row in pictures]
