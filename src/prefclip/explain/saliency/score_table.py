"""Saliency files: scores and example maps of one method."""

from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from prefclip.datasets.parquet_tables import read_table
from prefclip.explain.saliency import SaliencyError

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


def spoken_title(explainer: str) -> str:
    """Its title at the beginning of a sentence."""
    return TITLES[explainer][0].upper() + TITLES[explainer][1:]


def read_scores(path: str | Path) -> pd.DataFrame:
    """Read SCORES of one method. Raises TableError naming a file that is missing, damaged or of another kind."""
    return read_table(path, SCORES.names, REMEDY)


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
