"""Values with intervals in panels that stand side by side, drawn with seaborn: each group in its own style."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from prefclip.reporting.drawing.style import INK, MethodStyle

STEP = 0.12  # of the way between two places, by which the groups stand apart
RING = {"marker": "o", "pointsize": 7, "fill": False, "edgewidth": 1}


def ring_handle(label: str) -> Line2D:
    """The entry of a legend that says what rings mean."""
    return Line2D([], [], color=INK, linestyle="", marker="o", markersize=7, markerfacecolor="none", label=label)


def draw_facets(
    figure: Figure,
    points: pd.DataFrame,
    styles: Mapping[str, MethodStyle],
    columns: Sequence[str],
    rows: Sequence[str] = ("",),
    joined: bool = True,
    shared: bool = False,
) -> NDArray[np.object_]:
    """Draw markers with intervals, ``joined`` by lines or alone; return the panels, (rows, columns).

    ``points``: place (whole numbers along the axis), value, ci_low and ci_high (NaN: no interval), group (keys of
    ``styles``), the panel that each stands in, column and row, and where there are rings, the height of its own or
    NaN, ring. ``shared``: whether all panels have one value axis.
    """
    import seaborn.objects as so

    order = list(styles)
    offsets = {group: STEP * (rank - (len(order) - 1) / 2) for rank, group in enumerate(order)}
    points = points.assign(x=points["place"] + points["group"].map(offsets), rings=points.get("ring", np.nan))
    looks = {"color": "colour", "marker": "marker", "linestyle": "line"}
    scales = {
        name: so.Nominal({group: getattr(style, look) for group, style in styles.items()}, order=order)
        for name, look in looks.items()
    }
    (
        so.Plot(points, x="x", y="value", **dict.fromkeys(looks, "group"))
        .facet(col="column", row="row", order={"col": list(columns), "row": list(rows)})
        .share(x=True, y=shared)
        .scale(**scales)
        .add(so.Line(linewidth=1.2 if joined else 0, pointsize=4), legend=False)
        .add(so.Range(linewidth=0.8), ymin="ci_low", ymax="ci_high", linestyle=None, legend=False)
        .add(so.Dot(**RING), y="rings", marker=None, linestyle=None, legend=False)
        .theme(dict(matplotlib.rcParams))
        .on(figure)
        .plot()
    )
    grid = np.reshape(figure.axes, (len(rows), len(columns)))
    for panel in grid.flat:
        panel.set(xlabel="", ylabel="")
        panel.yaxis.label.set_visible(True)
        panel.yaxis.grid(True)
    return grid
