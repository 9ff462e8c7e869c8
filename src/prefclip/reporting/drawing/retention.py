"""How far images moved from CLIP: the KL of every clean image, and the box that stands for many of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from prefclip.config import Config
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.metrics import CLEAN
from prefclip.reporting.drawing.style import MethodStyle
from prefclip.reporting.estimates import EstimateError, headline_weights
from prefclip.run.files import RunFiles

PERCENTILES = (5, 25, 50, 75, 95)
SMALLEST = 1e-8


def read_retention(config: Config, layout: RunFiles, method: str, seeds: Sequence[int]) -> pd.DataFrame:
    """The KL of every clean image, columns dataset and retention_kl, of the weights that stand for a method.

    Raises TableError for predictions that are missing or damaged, EstimateError for those of other weights.
    """
    parts = []
    for seed in seeds:
        path = layout.predictions(config.model.key, method, seed)
        rows = read_predictions(path)
        rows = rows[(rows["images"] == CLEAN) & (rows["weights"] == headline_weights(config, method))]
        if rows.empty:
            raise EstimateError(
                f"{path}: holds no clean images scored by {headline_weights(config, method)} weights; "
                "run `prefclip evaluate` again with this configuration."
            )
        parts.append(rows[["dataset", "retention_kl"]])
    return pd.concat(parts, ignore_index=True)


def draw_box(panel, place: int, numbers: np.ndarray, style: MethodStyle) -> None:
    """Draw the PERCENTILES and the mean of ``numbers`` as a box at ``place``."""
    # A logarithm has no place for an exact zero.
    low, first, median, third, high = np.maximum(np.percentile(numbers, PERCENTILES), SMALLEST)
    box = {"whislo": low, "q1": first, "med": median, "q3": third, "whishi": high}
    face = {"facecolor": style.colour, "edgecolor": "black", "linewidth": 0.6, "hatch": style.hatch}
    panel.bxp(
        [{**box, "mean": max(float(numbers.mean()), SMALLEST)}],
        positions=[place],
        widths=0.55,
        showfliers=False,
        showmeans=True,
        patch_artist=True,
        boxprops=face,
        medianprops={"color": "black", "linewidth": 1.6},
        meanprops={"marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 3.8},
        whiskerprops={"linewidth": 0.7},
        capprops={"linewidth": 0.7},
    )
