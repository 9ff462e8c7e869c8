"""The limits of the data beneath every figure on bias."""

import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure

from prefclip.reporting.data_limits import limits_text
from prefclip.reporting.drawing.style import INK

CHARACTERS_PER_INCH = 21


def write_limits(figure: Figure, dataset: str, tones: Sequence[str]) -> None:
    """Write the limits beneath a figure, left-aligned and in small print."""
    width = int(figure.get_figwidth() * CHARACTERS_PER_INCH)
    text = "\n".join(textwrap.wrap(limits_text(dataset, tones), width))
    figure.supxlabel(text, x=0.01, ha="left", fontsize=5.8, color=INK, style="italic")
