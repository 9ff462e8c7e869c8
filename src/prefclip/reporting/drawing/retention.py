"""How far images moved from CLIP: the KL of every clean image, and the boxes that stand for many of them."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from prefclip.config import Config
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.metrics import CLEAN
from prefclip.reporting.drawing.style import MethodStyle
from prefclip.reporting.estimates import EstimateError, headline_weights
from prefclip.run.files import RunFiles

WHISKERS = (5, 95)  # percentiles
SMALLEST = 1e-8
MEAN = {"marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 3.8}
MEDIAN = {"color": "black", "linewidth": 1.6}
LINES = {"color": "black", "linewidth": 0.7}


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


def draw_boxes(panel: Axes, found: pd.DataFrame, styles: Mapping[str, MethodStyle]) -> None:
    """Draw a box for each value of the column ``box``, in the order of ``styles``: quartiles, median and mean, whiskers
    to the percentiles WHISKERS.
    """
    from seaborn import boxplot

    boxplot(
        # A logarithm has no place for an exact zero.
        found.assign(retention_kl=found["retention_kl"].clip(lower=SMALLEST)),
        x="box",
        y="retention_kl",
        hue="box",
        order=list(styles),
        hue_order=list(styles),
        palette={name: style.colour for name, style in styles.items()},
        saturation=1,
        legend=False,
        width=0.55,
        whis=WHISKERS,
        showfliers=False,
        showmeans=True,
        linecolor="black",
        linewidth=LINES["linewidth"],
        medianprops=MEDIAN,
        meanprops=MEAN,
        ax=panel,
    )
    for box, style in zip(panel.patches, styles.values(), strict=True):
        box.set_hatch(style.hatch)
    panel.set(xlabel="", ylabel="")
    panel.tick_params(axis="x", length=0)
    panel.yaxis.grid(True)


def finish_boxes(figure: Figure) -> None:
    """Make the axes of all boxes logarithmic and say above them what their parts are."""
    # Of a panel whose axis is logarithmic already, seaborn would show the mean of the logarithms.
    for panel in figure.axes:
        panel.set_yscale("log")
    low, high = WHISKERS
    handles = [
        Patch(facecolor="white", edgecolor="black", linewidth=LINES["linewidth"], label="quartiles"),
        Line2D([], [], label="median", **MEDIAN),
        Line2D([], [], linestyle="", label="mean", **MEAN),
        Line2D([], [], marker="|", markersize=6, label=f"{low}th to {high}th percentile", **LINES),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
