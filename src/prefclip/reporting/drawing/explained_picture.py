"""A picture, and where each model looks for its own answer and the others' answers."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prefclip.explain.saliency.score_table import spoken_title
from prefclip.reporting.drawing.parts import bare
from prefclip.reporting.drawing.saliency_grid import LOUDEST, draw_map
from prefclip.reporting.drawing.style import new_figure, print_style, save_figure_as

PANEL_INCHES = 1.5


def save_explained_picture(
    path: str,
    pixels: NDArray[np.uint8],
    labels: Sequence[str],
    probabilities: Mapping[str, NDArray[np.float64]],
    targets: Sequence[int],
    raised: Mapping[str, NDArray[np.float32]],
    explainer: str,
) -> None:
    """Draw one row per explained label: the picture, then one overlay per model with the label's probability.

    ``pixels``: uint8 (H, W, 3). ``probabilities``: model → (K,). ``targets``: places of the explained labels.
    ``raised``: model → what raises their logits, (targets, H, W), >= 0; maps of one row share a scale. Raises
    OutputError.
    """
    with print_style():
        figure = new_figure((1 + len(raised)) * PANEL_INCHES, 0.35 + len(targets) * (PANEL_INCHES + 0.2))
        grid = figure.subplots(len(targets), 1 + len(raised), squeeze=False)
        for axes in grid.flat:
            bare(axes)
        for row, (line, target) in enumerate(zip(grid, targets, strict=True)):
            line[0].imshow(pixels, interpolation="none")
            line[0].set_ylabel(f"for “{labels[target]}”")
            loudest = max(np.percentile(maps[row], LOUDEST) for maps in raised.values())
            for panel, (name, maps) in zip(line[1:], raised.items(), strict=True):
                draw_map(panel, pixels, maps[row].astype(np.float64), loudest)
                panel.set_title(f"{name}: {100 * probabilities[name][target]:.0f} %", loc="center", fontsize=7)
        figure.supxlabel(f"{spoken_title(explainer)}: what raises the logit of the label", fontsize=6)
        save_figure_as(figure, path)
