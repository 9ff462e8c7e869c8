"""Tables of the concept maps: what their powers see and read, and the gender bias before and after."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from prefclip.config import Config
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS
from prefclip.reporting.concept_numbers import ConceptNumbers
from prefclip.reporting.data_limits import limits_text
from prefclip.reporting.estimates import frame_of
from prefclip.reporting.labels import ZERO_SHOT_MEAN, column_groups, dataset_label
from prefclip.reporting.table_files import Cell, Row, Table, estimated_cell

TEST = "test"
KEYS = ("map", "at", "dataset", "images", "part", "axis", "group", "metric")
NO_PLACE = dict.fromkeys(("dataset", "images", "part", "axis", "group"), "")


class Column(NamedTuple):
    """One column of a shown table: two headings, the place of its numbers, and their unit."""

    above: str
    below: str
    images: str
    part: str
    metric: str
    dataset: str
    axis: str = "all"
    group: str = "all"
    percent: bool = True

    @property
    def place(self) -> dict[str, str]:
        """Columns of CONCEPT_TABLE, the data set apart."""
        return {name: getattr(self, name) for name in ("images", "part", "axis", "group", "metric")}


def concepts(numbers: ConceptNumbers, config: Config) -> Table:
    """Accuracy on the object, reading of the word, neutral t, and the distance of WᵀW from the identity."""
    scopes = [config.data.train, *([ZERO_SHOT_MEAN] if config.data.zero_shot else [])]
    columns = [
        Column(dataset_label(scope), heading, images, TEST, metric, scope)
        for scope in scopes
        for heading, images, metric in (
            ("clean", CLEAN, "accuracy"),
            ("attacked", TYPOGRAPHIC, "accuracy"),
            ("word read", TYPOGRAPHIC, "text_confusion"),
        )
    ]
    names = [name for name, settings in config.concepts.items() if settings.concept == "reading"]
    tidy, rows = _lines(numbers, config, names, columns)
    blank = [""] * len(columns)
    notes = []
    for name, settings in config.concepts.items():
        found = numbers.distance_line(name)
        tidy.append({"map": name, "at": "trained", **NO_PLACE, "metric": "relative_distance", **found})
        notes.append(f"{name}: ‖A − I‖_F / √D = {found['value']:.3f}")
        if settings.concept == "gender":
            found = numbers.neutral_line(name)
            tidy.append({"map": name, "at": "neutral", **NO_PLACE, "metric": "neutral_t", **found})
            notes[-1] += f", neutral t = {found['value']:.2f} ({found['ci_low']:.2f} to {found['ci_high']:.2f})"
    rows = rows or [Row("no reading map", blank)]
    caption = (
        "Concept maps W on the frozen CLIP at powers t: images (%) called by their object (clean, attacked) and by the "
        f"written word (word read). {_intervals(config)} Below: distance from the identity of A = WᵀW (of W_TᵀW_I "
        "where image and text have a W each), and the neutral t of gender maps with its interval."
    )
    return Table(caption, frame_of(tidy), [column[:2] for column in columns], rows, "Map", notes)


def bias(numbers: ConceptNumbers, config: Config) -> Table:
    """Gender recognised, gaps, skew of retrieval and accuracy on concepts, before and after and over t."""
    names = [name for name, settings in config.concepts.items() if settings.concept == "gender"]
    sets = list(dict.fromkeys(map(config.concept_dataset, names)))
    columns = [column for dataset in sets for column in _bias_columns(numbers, config, dataset)]
    tidy, rows = _lines(numbers, config, names, columns)
    tones = sorted(set(numbers.rows.loc[(numbers.rows["axis"] == "tone"), "group"]) - {"all"})
    caption = (
        f"Gender bias of the untouched CLIP and of gender maps at powers t, on test pictures. {_intervals(config)} "
        "Accuracies in %; gap: man − woman, in points; absolute gap: mean over concepts, its interval over concepts; "
        "MaxSkew, NDKL and Bias@K: retrieval by captions without gender, intervals over captions; vl_bias: OUR "
        "analogue for CLIP with swapped captions, not the published metric."
    )
    limits = [limits_text(dataset, tones) for dataset in sets]
    return Table(caption, frame_of(tidy), [column[:2] for column in columns], rows, "Map", limits)


def _bias_columns(numbers: ConceptNumbers, config: Config, dataset: str) -> list[Column]:
    own = numbers.rows[numbers.rows["dataset"] == dataset]
    kinds = sorted(set(own.loc[own["axis"] == "kind", "group"]))
    depths = sorted(int(name.removeprefix("bias@")) for name in set(own["metric"]) if name.startswith("bias@"))
    depth = depths[len(depths) // 2] if depths else 0
    parts = {SEEN_CONCEPTS: "trained on", HELD_OUT_CONCEPTS: "held out"}
    columns = [
        Column(above, heading, CLEAN, part, metric, dataset)
        for above, metric in (
            ("Gender accuracy", "gender_accuracy"),
            ("Own gender's word", "probability_true"),
            ("Resolution accuracy", "resolution_accuracy"),
            ("Resolution gap", "resolution_gap"),
            ("Concept accuracy", "concept_accuracy"),
        )
        for part, heading in parts.items()
    ]
    columns += [Column("Absolute gap", kind, CLEAN, TEST, "absolute_gap", dataset, "kind", kind) for kind in kinds]
    columns += [
        Column("vl_bias (ours)", kind, CLEAN, TEST, "vl_bias_text_swap", dataset, "kind", kind, percent=False)
        for kind in kinds
    ]
    for axis in ("gender", "tone"):
        metrics = (f"max_skew@{depth}", "ndkl") + ((f"bias@{depth}",) if axis == "gender" else ())
        columns += [
            Column(f"Retrieval, {axis}", metric, CLEAN, TEST, metric, dataset, axis, percent=False)
            for metric in metrics
        ]
    return [column for column in columns if ((own["axis"] == column.axis) & (own["metric"] == column.metric)).any()]


def _lines(
    numbers: ConceptNumbers, config: Config, names: Sequence[str], columns: Sequence[Column]
) -> tuple[list[dict], list[Row]]:
    """Tidy rows and shown rows: each map at each shown t."""
    groups = column_groups(config)
    tidy, rows = [], []
    for name in names:
        for place, at in enumerate(numbers.powers(name)):
            cells: list[Cell | str] = []
            for column in columns:
                found = numbers.line(name, at, groups[column.dataset], **column.place)
                cells.append(_shown(found, column.percent))
                if found is not None:
                    which = {"map": name, "at": at, "dataset": column.dataset, **column.place}
                    tidy.append({**{key: which[key] for key in KEYS}, **found})
            rows.append(Row(f"{name}, {at.replace('-', '−')}", cells, rule_above=place == 0))
    return tidy, rows


def _shown(found: dict | None, percent: bool) -> Cell:
    if found is None:
        return Cell(np.nan)
    return estimated_cell(found["value"], found["ci_low"], found["ci_high"], share=percent)


def _intervals(config: Config) -> str:
    return f"± half-width of the {100 * config.evaluation.confidence:g} % interval (bootstrap over images)."
