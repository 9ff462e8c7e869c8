"""A made-up run that has every figure of the embedded world: methods, sweeps, concept maps and saliency."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from safetensors.numpy import save_file
from synthetic_run import synthetic_config, write_synthetic_run

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.config import Config, method_names
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import write_table
from prefclip.evaluation.concept_table import CONCEPT_TABLE
from prefclip.evaluation.spectrum_table import DISTANCE_COLUMNS
from prefclip.explain.saliency.score_table import MAPS_FORMAT, SCORES
from prefclip.files import write_json
from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS
from prefclip.reporting.tables import make_table
from prefclip.run.files import RunFiles
from prefclip.run.plan import concept_runs
from prefclip.seeds import generator_for

SCALES = (-4.0, -2.0, -1.5, -1.0, 0.0, 1.0, 2.0, 4.0)
EVERY_T = (np.nan, *SCALES)  # NaN: the untouched CLIP
NEUTRAL = {"t": -1.5, "low": -2.0, "high": -1.0, "is_neutral": True}
GRIDS = {
    "beta": {"vary": "beta", "methods": ["dpo", "kto"], "values": [0.5, 1.0, 1.5], "seeds": [0]},
    "weight": {"vary": "regulariser_weight", "methods": ["dpo"], "values": [0, 1.0], "seeds": [0]},
    "size": {"vary": "max_train_images", "methods": ["ce"], "values": [4, 8], "seeds": [0]},
    "words": {"vary": "words", "methods": ["dpo"], "values": [1, 3], "seeds": [0]},
    "batch": {"vary": "batch_size", "methods": ["dpo"], "values": [4, 8], "seeds": [0]},
}
CONCEPTS = {
    "shared_W": {"concept": "reading", "seeds": [0, 1]},
    "separate_W": {"concept": "reading", "separate": True, "seeds": [0, 1]},
    "gender": {"concept": "gender"},
}


def whole_config(world: Path) -> Config:
    concepts = {name: {**settings, "scales": SCALES} for name, settings in CONCEPTS.items()}
    return synthetic_config(world, sweeps={"grids": GRIDS}, concepts=concepts, saliency={})


def write_whole_run(folder: Path, config: Config) -> RunFiles:
    """Write what the figures of a run are drawn from."""
    layout = write_synthetic_run(folder, config)
    make_table(layout, "sweeps")
    people = read_manifest(layout.manifest("people"))
    for run in concept_runs(config):
        reading = config.concepts[run[1]].concept == "reading"
        frame = concept_table(run, reading_rows(run[2]) if reading else gender_rows([*people["name"].unique()]))
        write_table(layout.concept_sweep(*run), pa.Table.from_pandas(frame, CONCEPT_TABLE, preserve_index=False))
        if not reading:
            write_json(layout.neutral_scale(*run), NEUTRAL)
            write_frame(layout.retrieval(*run), retrieval_rows(people))
    spectra, distances = spectrum_rows(config)
    write_frame(layout.map_spectra, spectra)
    write_frame(layout.map_distances, distances)
    for method in method_names(config):
        write_saliency(config, layout, method)
    return layout


def write_frame(path: str, rows: list[dict]) -> None:
    write_table(path, pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False))


def concept_table(run: tuple[str, str, int], rows: list[dict]) -> pd.DataFrame:
    """A concept table; ``rows``: dictionaries of what differs."""
    model, name, seed = run
    fixed = {"run_id": "r", "model": model, "map": name, "concept": "c", "seed": seed, "images": "clean"}
    fixed |= {"axis": "all", "group": "all", "n": 50}
    frame = pd.DataFrame([{**fixed, **row} for row in rows])
    return frame.assign(ci_low=frame["value"] - 0.03, ci_high=frame["value"] + 0.03)[CONCEPT_TABLE.names]


def reading_rows(seed: int) -> list[dict]:
    rows = []
    for dataset, t in itertools.product(("animals", "food", "zero_shot_mean"), EVERY_T):
        seen = 1 / (1 + np.exp(-np.nan_to_num(t))) + 0.01 * seed
        common = {"dataset": dataset, "part": "test", "t": t}
        rows.append({**common, "metric": "accuracy", "value": 0.9})
        rows.append({**common, "images": "typographic", "metric": "accuracy", "value": seen})
        rows.append({**common, "images": "typographic", "metric": "text_confusion", "value": 1 - seen})
        rows.append({**common, "images": "words", "metric": "accuracy", "value": 1 - 0.8 * seen})
    return rows


def gender_rows(names: list[str]) -> list[dict]:
    rows = []
    for part, t in itertools.product((SEEN_CONCEPTS, HELD_OUT_CONCEPTS), EVERY_T):
        common = {"dataset": "people", "part": part, "t": t}
        value = 0.5 + 0.1 * np.nan_to_num(t) / 4
        rows += [{**common, "metric": metric, "value": value} for metric in ("probability_true", "concept_accuracy")]
        for group in ("man", "woman"):
            rows.append({**common, "axis": "gender", "group": group, "metric": "probability_true", "value": value})
    for name, t in itertools.product(names, (np.nan, 0.0, 1.0, NEUTRAL["t"])):
        gap = {"metric": "probability_gap", "value": 0.1 * len(name) - 0.5}
        part = HELD_OUT_CONCEPTS if name == names[-1] else SEEN_CONCEPTS
        rows.append({"dataset": "people", "part": part, "axis": "concept", "group": name, "t": t, **gap})
    for axis, metric, t in itertools.product(("gender", "tone"), ("max_skew@5", "max_skew@10", "ndkl"), EVERY_T):
        rows.append({"dataset": "people", "part": "test", "axis": axis, "t": t, "metric": metric, "value": 0.2})
    chance = {"dataset": "people", "part": "chance", "t": np.nan}
    for axis, metric in itertools.product(("gender", "tone"), ("max_skew@5", "max_skew@10", "ndkl")):
        rows.append({**chance, "axis": axis, "metric": metric, "value": 0.15})
    for kind in ("occupations", "activities"):
        rows.append({**chance, "axis": "kind", "group": kind, "metric": "absolute_gap", "value": 0.04})
    return rows


def retrieval_rows(people: pd.DataFrame) -> list[dict]:
    return [
        {"t": t, "query": query, "rank": rank, "row": rank, "name": query, "gender": ("man", "woman")[rank % 2]}
        for t, query, rank in itertools.product((NEUTRAL["t"], 0.0, 1.0), people["name"].unique(), range(1, 6))
    ]


def spectrum_rows(config: Config) -> tuple[list[dict], list[dict]]:
    runs = [{"map": name, "seed": seed, "matrix": "shared"} for _, name, seed in concept_runs(config)]
    values = [{**run, "rank": rank, "eigenvalue": 2.0 / rank} for run in runs for rank in range(1, 9)]
    measured = dict.fromkeys(DISTANCE_COLUMNS[3:], 1.0) | {"relative_distance": 0.3, "effective_directions": 4.0}
    return values, [{**run, **measured} for run in runs]


def write_saliency(config: Config, layout: RunFiles, method: str) -> None:
    """Scores of four images with every seed, and example maps of two; of kto nothing is positive."""
    rows = read_attacked_manifest(layout.attacked_manifest("animals")).query("split == 'test'").head(4)
    noise = generator_for(method, "made-up saliency")
    explainers, targets = config.saliency.explainers, config.saliency.targets
    fixed = {"model": config.model.key, "method": method, "weights": "raw", "dataset": "animals", "box_area": 0.15}
    fixed |= {"label": 0, "word_label": 1, "predicted": 0, "pointing_game": 1.0}
    scores = [
        {**fixed, "seed": seed, "explainer": explainer, "target": target, "id": each, "share_in_box": noise.random()}
        for seed in ((0,) if method == "clip" else config.seeds)
        for explainer, target, each in itertools.product(explainers, targets, rows["attacked_id"])
    ]
    table = pa.Table.from_pandas(pd.DataFrame(scores)[SCORES.names], SCORES, preserve_index=False)
    write_table(layout.saliency(config.model.key, method), table)
    maps = noise.normal(size=(2, 2, 2, 64, 64)).astype(np.float16)
    save_file(
        {"occlusion": np.full_like(maps, -1) if method == "kto" else maps},
        layout.saliency_maps(config.model.key, method),
        {"format": MAPS_FORMAT, "ids": "\n".join(rows["attacked_id"].head(2))},
    )
