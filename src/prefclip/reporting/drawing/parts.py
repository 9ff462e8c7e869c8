"""Parts that several figures have: entries of legends, pictures without a frame, the limits of the data beneath."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from prefclip.reporting.data_limits import limits_text
from prefclip.reporting.drawing.style import INK, MethodStyle, method_style
from prefclip.reporting.labels import method_label

CHARACTERS_PER_INCH = 21
# Of concept maps, in their order.
LINES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1.5, 1, 1.5)), (0, (7, 1.5)), (0, (2, 2)))


def method_handles(methods: Sequence[str], lines: bool) -> list[Line2D]:
    """Entries of a legend of methods: their markers, on their lines or alone."""
    return [style_handle(method_style(method, methods), method_label(method), lines) for method in methods]


def style_handle(style: MethodStyle, label: str, line: bool = True) -> Line2D:
    """An entry of a legend: a marker, on its line or alone."""
    look = style.line if line else ""
    return Line2D([], [], color=style.colour, linestyle=look, marker=style.marker, label=label)


def bare(axes: Axes) -> None:
    """Leave neither ticks nor spines, around a picture."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def write_limits(figure: Figure, dataset: str, tones: Sequence[str]) -> None:
    """Write the limits of the data beneath a figure on bias, left-aligned and in small print."""
    width = int(figure.get_figwidth() * CHARACTERS_PER_INCH)
    text = "\n".join(textwrap.wrap(limits_text(dataset, tones), width))
    figure.supxlabel(text, x=0.01, ha="left", fontsize=5.8, color=INK, style="italic")
