"""Reading against seeing: accuracy on the object and on the written word over t, and one against the other."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from prefclip.evaluation.concept_table import WORDS
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.reporting.drawing.curves import draw_curve, mark_untouched_and_trained, named_scale, rows_of
from prefclip.reporting.drawing.parts import LINES
from prefclip.reporting.drawing.style import (
    BLUE,
    FULL_WIDTH,
    GREY,
    INK,
    PURPLE,
    RIGHT_ANSWER,
    WRITTEN_WORD,
    new_figure,
    panel_title,
)
from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label

MOST_IN_A_ROW = 5
NAMED_SCALES = (-4, -2, -1, 0, 1, 2, 4)


def draw_concept_sweep(table: pd.DataFrame, maps: dict[str, str], train: str, zero_shot: Sequence[str]) -> Figure:
    """Three panels: (a) the training set and (b) the mean of the zero-shot sets over t, (c) reading against seeing.

    ``table``: rows of all reading maps, as `read_concept_table` gives them. ``maps``: names of the maps to draw and how
    they are called; the first is drawn solid and with its intervals.
    """
    figure = new_figure(FULL_WIDTH, 2.75)
    training, others, against = figure.subplots(1, 3, width_ratios=(1, 1, 1.05))
    for place, name in enumerate(maps):
        rows = table[table["map"] == name]
        _draw_scope(training, rows, train, LINES[place], first=place == 0)
        _draw_scope(others, rows, ZERO_SHOT_MEAN, LINES[place], first=place == 0)
        _draw_trade_off(against, rows, LINES[place], first=place == 0)
    panel_title(training, "a", f"{dataset_label(train)} (training set)")
    panel_title(others, "b", f"Mean of {len(zero_shot)} zero-shot sets")
    panel_title(against, "c", "Zero-shot: read or seen")
    others.sharey(training)
    for panel in (training, others):
        panel.set_ylim(0, 100)
        panel.grid(True)
        panel.margins(x=0.01)
        mark_untouched_and_trained(panel)
    training.set_ylabel("images (%)")
    others.tick_params(labelleft=False)
    against.set(xlabel="called by the written word (%)", ylabel="called by the object's name (%)")
    against.margins(x=0.15)
    against.set(xlim=(0, None), ylim=(-4, None))
    against.grid(True)
    handles = [
        Line2D([], [], color=RIGHT_ANSWER, label="attacked, object named"),
        Line2D([], [], color=WRITTEN_WORD, label="attacked, word named"),
        Line2D([], [], color=GREY, label="clean, object named"),
        Line2D([], [], color=PURPLE, label="word alone, word named"),
    ]
    if len(maps) > 1:
        handles += [
            Line2D([], [], color=INK, linestyle=line, label=label)
            for line, label in zip(LINES, maps.values(), strict=False)
        ]
    # Legends fill their columns first: colours stand in the first row, lines below them.
    rows = 1 if len(handles) <= MOST_IN_A_ROW else 2
    columns = -(-len(handles) // rows)
    handles = [entry for place in range(columns) for entry in handles[place::columns]]
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, columnspacing=1.1, handlelength=2.2)
    return figure


def _draw_scope(axes: Axes, rows: pd.DataFrame, scope: str, line, first: bool) -> None:
    for images, metric, colour in (
        (CLEAN, "accuracy", GREY),
        (TYPOGRAPHIC, "accuracy", RIGHT_ANSWER),
        (TYPOGRAPHIC, "text_confusion", WRITTEN_WORD),
        (WORDS, "accuracy", PURPLE),
    ):
        curve = rows_of(rows, dataset=scope, images=images, metric=metric)
        draw_curve(axes, curve, colour, metric, line, band=first)


def _draw_trade_off(axes: Axes, rows: pd.DataFrame, line, first: bool) -> None:
    seen, read = (
        rows_of(rows, dataset=ZERO_SHOT_MEAN, images=TYPOGRAPHIC, metric=metric)
        for metric in ("accuracy", "text_confusion")
    )
    axes.plot(100 * read["value"], 100 * seen["value"], color=BLUE, linestyle=line, linewidth=1.1)
    if not first:
        return
    for t in NAMED_SCALES:
        found = seen.index[seen["t"] == t]
        if not len(found):
            continue
        place = (100 * read.loc[found[0], "value"], 100 * seen.loc[found[0], "value"])
        axes.plot(*place, "o", color=BLUE if t in (0, 1) else "white", markeredgecolor=BLUE, markersize=3.8)
        below = not -1 <= t <= 2
        axes.annotate(
            named_scale(t),
            place,
            xytext=(0, -5) if below else (5, 2),
            textcoords="offset points",
            fontsize=6,
            ha="center" if below else "left",
            va="top" if below else "baseline",
        )
