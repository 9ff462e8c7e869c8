"""What turning one setting up and down does: accuracy and retention over it, from the table of the sweeps."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from prefclip.config import Config
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.reporting.drawing.curves import CurveError
from prefclip.reporting.drawing.style import FULL_WIDTH, GREY, method_style, new_figure, panel_title
from prefclip.reporting.estimates import REFERENCE, headline_weights
from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label, method_label
from prefclip.reporting.sweep_numbers import sweep_scopes
from prefclip.run.files import RunFiles
from prefclip.table import VALUE

MEASURES = (
    (CLEAN, "accuracy", "clean", "accuracy (%)"),
    (TYPOGRAPHIC, "accuracy", "typographic", "accuracy (%)"),
    (CLEAN, "retention_kl", "retention", "KL per image (nats)"),
)
AXIS_LABELS = {
    "beta": "β",
    "regulariser_weight": "weight λ of the regulariser",
    "max_train_images": "training images",
    "words": "attacked images per clean image",
    "batch_size": "pairs per step",
}
LINEAR = ("words",)
CHARACTER = 0.035  # share of a panel's width that one of a label takes


def draw_sweep(config: Config, layout: RunFiles, vary: str) -> Figure:
    """Six panels, training set above zero-shot mean: clean and typographic accuracy and KL over one setting.

    One line per method, with the intervals; a ring marks the setting of the main tables, the dashed line the untouched
    CLIP. Raises CurveError where the table ``sweeps`` does not hold such a sweep.
    """
    table = read_sweeps(layout.table("sweeps"))
    points = table[(table["vary"] == vary) & (table["kind"] == VALUE)]
    points = points[points["weights"] == points["method"].map(lambda name: headline_weights(config, name))]
    if points.empty:
        raise CurveError(f"{layout.table('sweeps')}: holds no sweep over {vary}; add one to sweeps.grids.")
    points = points.assign(setting=points["setting"].astype(float))
    # Two sweeps over the same key may share points.
    points = points.drop_duplicates(["main", "setting", "dataset", "images", "metric"])
    clip = table[table["method"] == REFERENCE].set_index(["dataset", "images", "metric"])["value"]
    scopes = sweep_scopes(config)
    figure = new_figure(FULL_WIDTH, 1.95 * len(scopes) + 0.3)
    grid = figure.subplots(len(scopes), len(MEASURES), sharex=True, squeeze=False)
    letters = iter("abcdef")
    for row, scope in zip(grid, scopes, strict=True):
        for panel, (images, metric, name, unit) in zip(row, MEASURES, strict=True):
            chosen = points[(points["dataset"] == scope) & (points["images"] == images) & (points["metric"] == metric)]
            scale = 100 if metric == "accuracy" else 1
            if metric == "accuracy":
                panel.axhline(scale * clip[scope, images, metric], color=GREY, linestyle=(0, (3, 1.5)), label="CLIP")
            else:
                panel.set_yscale("log")
                panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                panel.yaxis.set_major_formatter(FormatStrFormatter("%g"))
                panel.yaxis.set_minor_locator(NullLocator())
            for method, curve in chosen.groupby("main", sort=False):
                _draw_points(panel, curve.sort_values("setting"), method, list(config.methods), scale)
            panel.grid(True)
            panel.set_ylabel(unit)
            where = "zero-shot" if scope == ZERO_SHOT_MEAN else dataset_label(scope)
            panel_title(panel, next(letters), f"{where}, {name}")
            _set_axis(panel, vary, sorted(points["setting"].unique()))
    for panel in grid[-1]:
        panel.set_xlabel(AXIS_LABELS.get(vary, vary))
    handles, labels = grid[0][1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def read_sweeps(path: str | Path) -> pd.DataFrame:
    """Read the tidy table ``sweeps``. Raises CurveError for a file that is missing or another."""
    try:
        table = pd.read_csv(path, dtype={"setting": str, "vary": str}, keep_default_na=False, na_values={"value": [""]})
        table[["sweep", "vary", "setting", "main", "method", "weights", "kind", "dataset", "images", "metric", "value"]]
    except (OSError, ValueError, KeyError) as error:
        raise CurveError(f"{path}: not the table of the sweeps ({error}); make it with `prefclip table`.") from error
    return table.astype(dict.fromkeys(("value", "ci_low", "ci_high"), float))


def _draw_points(panel: Axes, curve: pd.DataFrame, method: str, methods: list[str], scale: int) -> None:
    style = method_style(method, methods)
    value, low, high = (scale * curve[name].to_numpy() for name in ("value", "ci_low", "ci_high"))
    x = curve["setting"].to_numpy()
    panel.errorbar(
        x,
        value,
        yerr=[value - low, high - value],
        color=style.colour,
        linestyle=style.line,
        marker=style.marker,
        elinewidth=0.7,
        capsize=1.5,
        label=method_label(method),
    )
    main = (curve["method"] == method).to_numpy()
    panel.plot(x[main], value[main], "o", markersize=7, markerfacecolor="none", markeredgecolor=style.colour)


def _set_axis(panel: Axes, vary: str, settings: list[float]) -> None:
    if vary not in LINEAR:
        positive = [setting for setting in settings if setting > 0]
        # Zero has its place to the left of the smallest positive setting.
        if positive != settings:
            panel.set_xscale("symlog", linthresh=positive[0], linscale=0.5)
        else:
            panel.set_xscale("log")
    labels = [f"{setting:,g}" for setting in settings]
    crowded = _overlap(panel, settings, labels)
    panel.set_xticks(settings, labels, rotation=90 if crowded else 0, fontsize=6 if crowded else None)
    panel.xaxis.set_minor_locator(NullLocator())


def _overlap(panel: Axes, settings: list[float], labels: list[str]) -> bool:
    """Whether two neighbours among the labels of the axis would touch."""
    panel.autoscale_view()
    places = panel.get_xaxis_transform().transform([(setting, 0) for setting in settings])
    gaps = np.diff(panel.transAxes.inverted().transform(places)[:, 0])
    needed = [CHARACTER * (0.5 + (len(left) + len(right)) / 2) for left, right in pairwise(labels)]
    return bool((gaps < needed).any())
