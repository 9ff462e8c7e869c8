"""Whose pictures come first: the best matches of a caption without a gender word, at three t."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from prefclip.reporting.figures.curves import named_scale
from prefclip.reporting.figures.limits_note import write_limits
from prefclip.reporting.figures.style import FULL_WIDTH, GREEN, PURPLE, new_figure

FRAMES = {"woman": PURPLE, "man": GREEN}
SHOWN = 8


def draw_retrieval_grid(
    ranks: pd.DataFrame,
    images: NDArray[np.uint8],
    queries: Sequence[str],
    template: str,
    neutral_t: float,
    dataset: str,
    tones: Sequence[str],
) -> Figure:
    """One row per caption and t (neutral, 0, 1), the first SHOWN pictures from left to right, framed by their label.

    ``ranks``: what `sweep_gender` wrote as retrieval; ``images``: the data set's stack, indexed by ``row``.
    """
    scales = {"neutral": neutral_t, "CLIP": 0.0, "trained": 1.0}
    shown = min(SHOWN, int(ranks["rank"].max()))
    figure = new_figure(FULL_WIDTH, 0.75 + len(queries) * (0.22 + len(scales) * (FULL_WIDTH - 1.3) / shown * 0.72))
    parts = figure.subfigures(len(queries), 1, squeeze=False)[:, 0]
    for part, query in zip(parts, queries, strict=True):
        part.suptitle(f"“{template.format(query)}”", fontsize=7.5, x=0.02, ha="left")
        grid = part.subplots(len(scales), shown, squeeze=False)
        for line, (name, t) in zip(grid, scales.items(), strict=True):
            chosen = ranks[(ranks["query"] == query) & np.isclose(ranks["t"], t)].sort_values("rank").head(shown)
            for axes, (_, row) in zip(line, chosen.iterrows(), strict=False):
                axes.imshow(images[row["row"]], interpolation="none")
                for spine in axes.spines.values():
                    spine.set_visible(True)
                    spine.set_color(FRAMES[row["gender"]])
                    spine.set_linewidth(1.6)
            for axes in line:
                axes.set_xticks([])
                axes.set_yticks([])
            line[0].set_ylabel(f"{name}\n{named_scale(t)}", fontsize=6.2, rotation=0, ha="right", va="center")
    handles = [
        Patch(facecolor="white", edgecolor=colour, linewidth=1.6, label=f"labelled {g}") for g, colour in FRAMES.items()
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2)
    write_limits(figure, dataset, tones)
    return figure
