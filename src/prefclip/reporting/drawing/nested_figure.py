"""Figures within a figure, placed by the same numbers each time."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

from prefclip.reporting.drawing.style import new_figure

DIGITS = 9  # of places as shares of the figure; they differ by less than 1e-14


def nested_figure(width: float, height: float) -> Figure:
    """As `style.new_figure`, for a figure that is to hold subfigures."""
    figure = new_figure(width, height)
    figure.set_layout_engine(_RoundedLayout())
    return figure


class _RoundedLayout(ConstrainedLayoutEngine):
    """Constrained layout, then rounding: where figures are nested, its solver adds terms in the order of their
    addresses in memory, so that the last digits, and the bytes of a PDF, differ from one process to the next.
    """

    def execute(self, fig: Figure) -> None:
        super().execute(fig)
        for part in fig.subfigs:
            part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), DIGITS))
        for axes in fig.axes:
            axes.set_position(Bbox(np.round(axes.get_position(original=True).get_points(), DIGITS)))
            axes.set_in_layout(True)  # which the line before ends
