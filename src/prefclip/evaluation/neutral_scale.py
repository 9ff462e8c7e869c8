"""The t at which a gender map says neither "man" nor "woman", with its interval."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefclip.errors import PrefclipError
from prefclip.evaluation.intervals import bootstrap_means, percentile_bounds

RESOLUTION = 0.01
AS_GOOD = 0.01


class NeutralScaleError(PrefclipError, ValueError):
    """Probabilities that no neutral t can be found from."""


class NeutralScale(NamedTuple):
    """What was found.

    t, low, high           the neutral t and its bootstrap interval
    man, woman             mean probability of the own gender word over the images labelled so, 0–1
    probability            the mean of these two: ½ where a picture's gender tells nothing about the word
    deviation              the larger of |man − ½| and |woman − ½|: 0 where, besides, neither word is preferred on all
    is_neutral             whether |probability − ½| is at most the tolerance
    is_neutral_for_both    whether the deviation is
    """

    t: float
    low: float
    high: float
    man: float
    woman: float
    probability: float
    deviation: float
    is_neutral: bool
    is_neutral_for_both: bool


def neutral_scale(
    scales: ArrayLike,
    probability_true: ArrayLike,
    is_man: ArrayLike,
    generator: np.random.Generator,
    *,
    tolerance: float = 0.05,
    samples: int = 1000,
    confidence: float = 0.95,
) -> NeutralScale:
    """Find the t with the probability of either gender word closest to ½.

    ``scales``: (T,) ascending. ``probability_true``: (T, N), the probability of each image's own gender word out of
    the two. ``is_man``: (N,), both genders present. For each gender the mean over its images is taken as linear between
    the scales. The larger of the two means' distances from ½ should be smallest, on a grid of RESOLUTION; of all t that
    are at most AS_GOOD worse, the one nearest to 0 is taken, since it changes CLIP least. Two means are asked for
    because one over all images is ½, too, where every image is called a man. The interval is that of t over resamples.

    Raises NeutralScaleError for shapes that do not fit or a gender without images.
    """
    scales, probability = np.asarray(scales, dtype=np.float64), np.asarray(probability_true, dtype=np.float64)
    is_man = np.asarray(is_man, dtype=bool)
    if probability.shape != (len(scales), len(is_man)) or len(scales) < 2 or (np.diff(scales) <= 0).any():
        raise NeutralScaleError(
            f"a neutral t needs probabilities of shape (scales, images) and ascending scales, got {probability.shape} "
            f"for {len(scales)} scales and {len(is_man)} images."
        )
    if is_man.all() or not is_man.any():
        raise NeutralScaleError("a neutral t needs images labelled man and images labelled woman; one is missing.")
    grid = _grid(scales)
    # Sums over each gender and its size: their ratios are the two means of any resample.
    columns = np.concatenate(
        [probability * is_man, probability * ~is_man, is_man[None].astype(np.float64), ~is_man[None]]
    ).T
    draws = bootstrap_means(columns, generator, samples=samples)
    found = [_closest(_curves(row, scales, grid), grid) for row in draws if row[-2] > 0 and row[-1] > 0]
    low, high = percentile_bounds(found, confidence)
    man, woman = curves = _curves(columns.mean(axis=0), scales, grid)
    t = _closest(curves, grid)
    place = int(np.abs(grid - t).argmin())
    deviation = float(np.abs(curves[:, place] - 0.5).max())
    mean = float(curves[:, place].mean())
    return NeutralScale(
        t,
        min(low, t),
        max(high, t),
        float(man[place]),
        float(woman[place]),
        mean,
        deviation,
        abs(mean - 0.5) <= tolerance,
        deviation <= tolerance,
    )


def _grid(scales: NDArray) -> NDArray:
    steps = round((scales[-1] - scales[0]) / RESOLUTION)
    return np.round(np.linspace(scales[0], scales[-1], steps + 1), 6)


def _curves(row: NDArray, scales: NDArray, grid: NDArray) -> NDArray:
    """Means of both genders on the grid, (2, G)."""
    count = len(scales)
    return np.stack(
        [np.interp(grid, scales, row[:count] / row[-2]), np.interp(grid, scales, row[count : 2 * count] / row[-1])]
    )


def _closest(curves: NDArray, grid: NDArray) -> float:
    deviation = np.abs(curves - 0.5).max(axis=0)
    best = np.flatnonzero(deviation <= deviation.min() + AS_GOOD)
    return float(grid[best[np.abs(grid[best]).argmin()]])
