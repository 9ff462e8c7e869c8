"""Probabilities of a few labels under several models, for the terminal."""

from collections.abc import Mapping, Sequence

from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text


def probability_table(labels: Sequence[str], probabilities: Mapping[str, NDArray]) -> Table:
    """Labels × models in %, each model's answer bold; with two models also what the second changed, in points."""
    table = Table("label", box=SIMPLE_HEAD, pad_edge=False)
    shares = list(probabilities.values())
    for name in probabilities:
        table.add_column(f"{name} (%)", justify="right")
    if len(shares) == 2:
        table.add_column("change", justify="right")
    for place, label in enumerate(labels):
        cells = [Text(f"{100 * found[place]:.1f}", style="bold" if place == found.argmax() else "") for found in shares]
        if len(shares) == 2:
            cells.append(Text(f"{100 * (shares[1][place] - shares[0][place]):+.1f}".replace("-", "−")))
        table.add_row(Text(label), *cells)
    return table
