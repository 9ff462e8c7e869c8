"""What turning one setting up and down does: accuracy and retention over it, from the table of the sweeps."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from prefclip.config import Config
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.reporting.drawing.curves import CurveError
from prefclip.reporting.drawing.facets import draw_facets, ring_handle
from prefclip.reporting.drawing.parts import style_handle
from prefclip.reporting.drawing.style import FULL_WIDTH, GREY, method_style, new_figure, panel_title
from prefclip.reporting.estimates import REFERENCE, headline_weights
from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label, method_label
from prefclip.reporting.sweep_numbers import sweep_scopes
from prefclip.run.files import RunFiles
from prefclip.table import VALUE

# What is shown: images, metric, and the factor of its unit.
MEASURES = {
    "clean": (CLEAN, "accuracy", 100),
    "attacked": (TYPOGRAPHIC, "accuracy", 100),
    "KL": (CLEAN, "retention_kl", 1),
}
AXIS_LABELS = {
    "beta": "β",
    "regulariser_weight": "weight λ of the regulariser",
    "max_train_images": "training images",
    "words": "attacks per image",
    "batch_size": "pairs per step",
}
CLIP_LINE = {"color": GREY, "linestyle": (0, (3, 1.5))}


def draw_sweep(config: Config, layout: RunFiles, vary: str) -> Figure:
    """Six panels, training set above zero-shot mean: clean and attacked accuracy and KL over one setting.

    One line per method, with the intervals; the values of the setting stand at equal distances. A ring marks the
    setting of the main tables, the dashed line the untouched CLIP. Raises CurveError where the table ``sweeps`` does
    not hold such a sweep.
    """
    table = read_sweeps(layout.table("sweeps"))
    points = table[(table["vary"] == vary) & (table["kind"] == VALUE)]
    points = points[points["weights"] == points["method"].map(lambda name: headline_weights(config, name))]
    if points.empty:
        raise CurveError(f"{layout.table('sweeps')}: holds no sweep over {vary}; add one to sweeps.grids.")
    # Two sweeps over the same key may share points.
    points = points.drop_duplicates(["main", "setting", "dataset", "images", "metric"])
    settings = sorted(points["setting"].astype(float).unique())
    points = pd.concat(
        points[(points["images"] == images) & (points["metric"] == metric)].assign(column=name, scale=scale)
        for name, (images, metric, scale) in MEASURES.items()
    )
    points = points.assign(place=points["setting"].astype(float).map(settings.index), group=points["main"])
    points = points.assign(row=points["dataset"]).sort_values("place")
    points[["value", "ci_low", "ci_high"]] = points[["value", "ci_low", "ci_high"]].mul(points["scale"], axis=0)
    points = points.assign(ring=points["value"].where(points["method"] == points["main"]))
    clip = table[table["method"] == REFERENCE].set_index(["dataset", "images", "metric"])["value"]
    methods = [method for method in config.methods if (points["main"] == method).any()]
    styles = {method: method_style(method, list(config.methods)) for method in methods}
    scopes, letters = sweep_scopes(config), iter("abcdef")
    figure = new_figure(FULL_WIDTH, 1.95 * len(scopes) + 0.3)
    grid = draw_facets(figure, points, styles, list(MEASURES), list(scopes))
    for row, (scope, sets) in zip(grid, scopes.items(), strict=True):
        where = f"{len(sets)} zero-shot sets" if scope == ZERO_SHOT_MEAN else dataset_label(scope)
        for panel, (name, (images, metric, scale)) in zip(row, MEASURES.items(), strict=True):
            if metric == "accuracy":
                panel.axhline(scale * clip[scope, images, metric], **CLIP_LINE)
                panel.set_ylabel("accuracy (%)")
            else:
                panel.set(yscale="log", ylabel="KL from CLIP per image (nats)")
                panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                panel.yaxis.set_major_formatter(FormatStrFormatter("%g"))
                panel.yaxis.set_minor_locator(NullLocator())
            panel.set_xticks(range(len(settings)), [f"{setting:,g}" for setting in settings])
            panel_title(panel, next(letters), f"{where}, {name}")
    for panel in grid[-1]:
        panel.set_xlabel(AXIS_LABELS.get(vary, vary))
    handles = [Line2D([], [], label=method_label(REFERENCE), **CLIP_LINE)]
    handles += [style_handle(style, method_label(method)) for method, style in styles.items()]
    if points["ring"].notna().any():
        handles.append(ring_handle("as in the main tables"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), handlelength=2.6)
    return figure


def read_sweeps(path: str | Path) -> pd.DataFrame:
    """Read the tidy table ``sweeps``. Raises CurveError for a file that is missing or another."""
    try:
        table = pd.read_csv(path, dtype={"setting": str, "vary": str}, keep_default_na=False, na_values={"value": [""]})
        table[["sweep", "vary", "setting", "main", "method", "weights", "kind", "dataset", "images", "metric", "value"]]
    except (OSError, ValueError, KeyError) as error:
        raise CurveError(f"{path}: not the table of the sweeps ({error}); make it with `prefclip table`.") from error
    return table.astype(dict.fromkeys(("value", "ci_low", "ci_high"), float))
