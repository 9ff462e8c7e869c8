"""How far each method moved from CLIP on clean images: the distribution of the KL per image."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from prefclip.config import Config, method_names
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.metrics import CLEAN
from prefclip.reporting.estimates import REFERENCE, EstimateError, headline_weights, seeds_of
from prefclip.reporting.figures.style import FULL_WIDTH, MethodStyle, method_style, new_figure, panel_title
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.run.files import RunFiles

PERCENTILES = (5, 25, 50, 75, 95)
SMALLEST = 1e-8


def draw_retention_boxes(config: Config, layout: RunFiles) -> Figure:
    """Two panels, training set and zero-shot sets; one box per tuned method, all seeds together.

    Box: quartiles and median; whiskers: 5th and 95th percentile; diamond: mean. The axis is logarithmic.
    """
    methods = [method for method in method_names(config) if method != REFERENCE]
    scopes = {f"{dataset_label(config.data.train)} (training set)": (config.data.train,)}
    if config.data.zero_shot:
        scopes["Zero-shot sets"] = tuple(config.data.zero_shot)
    values = {method: read_retention(config, layout, method, seeds_of(config, method)) for method in methods}
    figure = new_figure(FULL_WIDTH, 2.4)
    panels = figure.subplots(1, len(scopes), sharey=True, squeeze=False)[0]
    for panel, letter, (title, sets) in zip(panels, "ab", scopes.items(), strict=False):
        for place, method in enumerate(methods):
            chosen = values[method][values[method]["dataset"].isin(sets)]
            draw_box(panel, place, chosen["retention_kl"].to_numpy(), method_style(method, methods))
        panel.set_yscale("log")
        panel.set_xticks(range(len(methods)), [method_label(method) for method in methods])
        panel.set_xlim(-0.6, len(methods) - 0.4)
        panel.tick_params(axis="x", length=0)
        panel.yaxis.grid(True)
        panel_title(panel, letter, title)
    panels[0].set_ylabel("KL(CLIP ‖ tuned) per clean image (nats)")
    return figure


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
    face = {"facecolor": style.colour, "edgecolor": "black", "linewidth": 0.6, "hatch": style.hatch}
    panel.bxp(
        [
            {
                "whislo": low,
                "q1": first,
                "med": median,
                "q3": third,
                "whishi": high,
                "mean": max(float(numbers.mean()), SMALLEST),
            }
        ],
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
