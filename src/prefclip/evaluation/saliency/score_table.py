"""Saliency files: scores and example maps of one model, and what the scores say of all models together."""

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from prefclip.config import EvaluationConfig
from prefclip.datasets.parquet_tables import read_table, write_table
from prefclip.evaluation.intervals import bootstrap_interval
from prefclip.evaluation.saliency.errors import SaliencyError
from prefclip.seeds import generator_for

SCORES = pa.schema(
    [
        ("model", pa.string()),
        ("method", pa.string()),
        ("weights", pa.string()),
        ("seed", pa.int64()),
        ("dataset", pa.string()),
        ("explainer", pa.string()),
        ("target", pa.string()),  # predicted | true | written: whose logit is explained
        ("id", pa.string()),  # attacked_id
        ("label", pa.int64()),
        ("word_label", pa.int64()),
        ("predicted", pa.int64()),
        ("share_in_box", pa.float64()),  # NaN: the map has no positive saliency
        ("pointing_game", pa.float64()),
        ("box_area", pa.float64()),  # what a map without preferences would have as share_in_box
    ]
)
SUMMARY = pa.schema(
    [
        ("model", pa.string()),
        ("method", pa.string()),
        ("weights", pa.string()),
        ("dataset", pa.string()),
        ("explainer", pa.string()),
        ("target", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("n", pa.int64()),
        ("seeds", pa.int64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
    ]
)
MEASURED = ("share_in_box", "pointing_game", "box_area")
CHANGE = "_change"
REFERENCE = "clip"
REMEDY = "make it again with `prefclip saliency`"
MAPS_FORMAT = "prefclip-saliency/1"
TITLES = MappingProxyType(
    {
        "occlusion": "occlusion",
        "integrated_gradients": "integrated gradients",
        "grad_cam": "Grad-CAM",
        "hires_cam": "HiResCAM",
        "relevance": "gradient × attention",
        "rollout": "attention rollout",
    }
)


def summarise_saliency(scores: Iterable[str | Path], out: str | Path, settings: EvaluationConfig) -> None:
    """Means over images with bootstrap intervals, each method's seeds averaged image by image first; writes SUMMARY.

    Metrics: MEASURED, and each but the area with "_change": the mean over images of method − clip, paired, < 0 where
    the method looks less at the word. Images without positive saliency are left out; ``n`` counts the others.

    Raises TableError naming a damaged file, SaliencyError if models explained other images or clip is missing.
    """
    frame = pd.concat([read_scores(path) for path in scores], ignore_index=True)
    keys = ["model", "dataset", "explainer", "target"]
    rows = []
    for key, group in frame.groupby(keys, sort=True):
        means = {
            which: (_by_image(part), part["seed"].nunique())
            for which, part in group.groupby(["method", "weights"], sort=True)
        }
        reference = next((found for (method, _), (found, _) in means.items() if method == REFERENCE), None)
        if reference is None:
            raise SaliencyError(f"saliency: no scores of the untouched clip on {key[1]}; measure it first.")
        for (method, weights), (found, seeds) in means.items():
            if not found.index.equals(reference.index):
                raise SaliencyError(
                    f"saliency: {method} explained other images of {key[1]} than clip; measure both again with the "
                    "same saliency.images."
                )
            numbers = {name: found[name] for name in MEASURED}
            if method != REFERENCE:
                numbers |= {name + CHANGE: found[name] - reference[name] for name in MEASURED[:-1]}
            for metric, values in numbers.items():
                values = values.dropna().to_numpy()
                if not len(values):
                    continue
                generator = generator_for(*key, method, weights, metric, "saliency bootstrap")
                estimate = bootstrap_interval(
                    values, generator, samples=settings.bootstrap_samples, confidence=settings.confidence
                )
                rows.append(
                    {
                        **dict(zip(keys, key, strict=True)),
                        "method": method,
                        "weights": weights,
                        "metric": metric,
                        "value": estimate.value,
                        "n": len(values),
                        "seeds": seeds,
                        "ci_low": estimate.low,
                        "ci_high": estimate.high,
                    }
                )
    summary = pd.DataFrame(rows, columns=SUMMARY.names)
    write_table(out, pa.Table.from_pandas(summary, schema=SUMMARY, preserve_index=False))


def read_scores(path: str | Path) -> pd.DataFrame:
    """Read SCORES of one model. Raises TableError naming a file that is missing, damaged or of another kind."""
    return read_table(path, SCORES.names, REMEDY)


def read_summary(path: str | Path) -> pd.DataFrame:
    """Read SUMMARY. Raises TableError as :func:`read_scores`."""
    return read_table(path, SUMMARY.names, REMEDY)


class ExampleMaps(NamedTuple):
    """Maps of a few images for the saliency grid.

    ids   attacked_id of each image
    maps  explainer → (images, clean | typographic, true | written, H, W), float16
    """

    ids: tuple[str, ...]
    maps: dict[str, NDArray[np.float16]]


def read_example_maps(path: str | Path) -> ExampleMaps:
    """Read the example maps of one model. Raises SaliencyError naming a file that is missing, damaged or another."""
    if not Path(path).is_file():
        raise SaliencyError(f"{path}: no such file; {REMEDY}.")
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            maps = {name: file.get_tensor(name) for name in sorted(file.keys())}
    except (SafetensorError, OSError, ValueError) as error:
        raise SaliencyError(f"{path}: not a whole safetensors file ({error}); {REMEDY}.") from error
    if metadata.get("format") != MAPS_FORMAT:
        raise SaliencyError(f"{path}: holds no saliency maps (expected {MAPS_FORMAT!r}); {REMEDY}.")
    return ExampleMaps(tuple(metadata["ids"].split("\n")), maps)


def _by_image(part: pd.DataFrame) -> pd.DataFrame:
    """MEASURED by image, averaged over seeds; an image that lacks a number for any seed has none."""
    counts = part.groupby("id")[list(MEASURED)].count().eq(part["seed"].nunique())
    means = part.groupby("id", sort=True)[list(MEASURED)].mean()
    return means.where(counts, np.nan)
