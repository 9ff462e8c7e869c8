"""Gender over t: recognised, neutral or turned around, and whether people's occupations and activities survive it."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS
from prefclip.reporting.figures.curves import (
    draw_curve,
    mark_untouched_and_trained,
    named_scale,
    rows_of,
    untouched,
)
from prefclip.reporting.figures.limits_note import write_limits
from prefclip.reporting.figures.style import (
    BLUE,
    FULL_WIDTH,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    new_figure,
    panel_title,
)

PARTS = {
    SEEN_CONCEPTS: ("concepts trained on", BLUE, "-"),
    HELD_OUT_CONCEPTS: ("held-out concepts", ORANGE, (0, (4, 1.5))),
}


def draw_gender_sweep(table: pd.DataFrame, neutral: dict, dataset: str, tones: Sequence[str]) -> Figure:
    """Three panels over t, on test pictures: (a) probability of the own gender's word, (b) the same for women and men,
    (c) share of concepts recognised.

    ``table``: rows of one gender map, all seeds. ``neutral``: what `sweep_gender` wrote for the seed that is marked.
    """
    figure = new_figure(FULL_WIDTH, 2.95)
    gender, apart, concepts = figure.subplots(1, 3)
    for part, (label, colour, line) in PARTS.items():
        if not (table["part"] == part).any():
            continue
        where = {"part": part, "axis": "all"}
        draw_curve(gender, rows_of(table, metric="probability_true", **where), colour, label, line)
        draw_curve(concepts, rows_of(table, metric="concept_accuracy", **where), colour, label, line)
        level = 100 * untouched(table, metric="concept_accuracy", **where)
        concepts.hlines(level, *table["t"].agg(["min", "max"]), colors=colour, linewidth=0.7, linestyles=(0, (1, 1.5)))
    for group, colour, line in (("woman", PURPLE, "-"), ("man", GREEN, (0, (4, 1.5)))):
        rows = rows_of(table, metric="probability_true", part=SEEN_CONCEPTS, axis="gender", group=group)
        draw_curve(apart, rows, colour, f"pictures of a {group}", line)
    for panel in (gender, apart):
        panel.axhspan(45, 55, color="#EFEFEF", zorder=0)
        panel.axhline(50, color=GREY, linewidth=0.6)
        panel.set_ylim(0, 100)
    concepts.set_ylim(0, 100)
    panel_title(gender, "a", "Own gender's word")
    panel_title(apart, "b", "By gender, concepts trained on")
    panel_title(concepts, "c", "Occupation or activity")
    gender.set_ylabel("mean probability (%)")
    apart.set_ylabel("mean probability (%)")
    concepts.set_ylabel("recognised (%)")
    for panel in (gender, apart, concepts):
        panel.grid(True, axis="x")
        panel.set_xlabel("power t of the map")
        panel.margins(x=0.01)
        mark_untouched_and_trained(panel)
        _mark_neutral(panel, neutral, named=panel is gender)
        panel.legend(loc="lower right", fontsize=6.2, handlelength=2.0, borderaxespad=0.2)
    write_limits(figure, dataset, tones)
    return figure


def _mark_neutral(axes, neutral: dict, named: bool) -> None:
    axes.axvspan(neutral["low"], neutral["high"], color=GREY, alpha=0.12, linewidth=0, zorder=0)
    axes.axvline(neutral["t"], color=GREY, linewidth=0.9)
    if named:
        axes.annotate(
            f"neutral\n{named_scale(neutral['t'])}",
            (neutral["t"], 0.97),
            xycoords=("data", "axes fraction"),
            xytext=(2, 0),
            textcoords="offset points",
            va="top",
            fontsize=6,
        )
