"""Curves over t with their intervals, from rows of a concept table."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from prefclip.errors import PrefclipError
from prefclip.evaluation.intervals import over_seeds


class CurveError(PrefclipError):
    """A table lacks the numbers of a curve."""


def rows_of(table: pd.DataFrame, **where: object) -> pd.DataFrame:
    """Rows at every t, ascending, of one metric; NaN rows (the untouched CLIP) are left out.

    Several seeds are averaged; the interval joins that over pictures and the spread over seeds.
    Raises CurveError if there is none.
    """
    chosen = _matching(table, where)
    chosen = chosen[chosen["t"].notna()]
    if chosen.empty:
        raise CurveError(
            f"the concept tables hold no rows with {', '.join(f'{key} {value}' for key, value in where.items())}; "
            "sweep the map again."
        )
    # The neutral t differs between seeds: only the t that all of them have make a curve.
    seeds = chosen["seed"].nunique()
    shared = [(t, rows) for t, rows in chosen.groupby("t", sort=True) if len(rows) == seeds]
    columns = ("value", "ci_low", "ci_high")
    found = [(t, *over_seeds(*(rows[column].to_numpy() for column in columns))) for t, rows in shared]
    return pd.DataFrame(found, columns=["t", *columns])


def untouched(table: pd.DataFrame, **where: object) -> float:
    """The number of the untouched CLIP. Raises CurveError if there is none."""
    chosen = _matching(table, where)
    values = chosen.loc[chosen["t"].isna(), "value"]
    if values.empty:
        raise CurveError(
            f"the concept tables lack the untouched CLIP's {where.get('metric', 'numbers')}; sweep the map again."
        )
    return float(values.mean())


def draw_curve(
    axes: Axes, rows: pd.DataFrame, colour: str, label: str, line: str | tuple = "-", band: bool = True
) -> None:
    """Draw values in per cent over t, in a band from ci_low to ci_high."""
    t = rows["t"].to_numpy()
    axes.plot(t, 100 * rows["value"], color=colour, linestyle=line, label=label)
    if band and np.isfinite(rows["ci_low"]).all():
        axes.fill_between(t, 100 * rows["ci_low"], 100 * rows["ci_high"], color=colour, alpha=0.16, linewidth=0)


def mark_untouched_and_trained(axes: Axes) -> None:
    """Thin vertical lines at t = 0 and t = 1, which the label of the axis names."""
    for t in (0, 1):
        axes.axvline(t, color="#999999", linewidth=0.6, linestyle=(0, (2, 1.5)), zorder=0)
    axes.set_xlabel("power t (0: CLIP, 1: trained)")


def named_scale(t: float) -> str:
    """``t = −1``, with a real minus sign and no needless digits."""
    return f"t = {t:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def _matching(table: pd.DataFrame, where: dict[str, object]) -> pd.DataFrame:
    mask = np.ones(len(table), dtype=bool)
    for column, value in where.items():
        mask &= (table[column] == value).to_numpy()
    return table[mask]
