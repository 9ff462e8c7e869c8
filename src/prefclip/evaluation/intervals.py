"""Intervals: the bootstrap over images, the spread over seeds, and both together.

A bootstrap draw picks as many images as there are, with replacement, and takes the mean again; the interval lies
between the percentiles of many draws (Efron 1979). Attacked variants of one clean image are not independent, so images
may be picked in groups. Seeds are few: their share of the interval uses Student's t.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri, stdtrit

from prefclip.errors import PrefclipError

DRAWN_AT_ONCE = 4_000_000


class IntervalInputError(PrefclipError, ValueError):
    """Numbers that no interval can be made of."""


class Estimate(NamedTuple):
    """A value with its interval, in the value's unit; ``low <= value <= high``."""

    value: float
    low: float
    high: float


def bootstrap_interval(
    values: ArrayLike,
    generator: np.random.Generator,
    *,
    groups: ArrayLike | None = None,
    samples: int = 1000,
    confidence: float = 0.95,
) -> Estimate:
    """The mean of ``values`` with its percentile interval over images.

    ``values``: (N,), one per image, finite. ``groups``: (N,) integers; images of one group are picked together.
    ``samples`` draws at level ``confidence`` (between 0 and 1). Raises IntervalInputError.
    """
    values = _checked(values)
    mean = float(values.mean())
    if groups is None and np.isin(values, (0.0, 1.0)).all():
        # The sum of a resample of zeros and ones is binomial: the same distribution, a thousand times sooner.
        means = generator.binomial(len(values), mean, size=samples) / len(values)
    else:
        means = bootstrap_means(values[:, None], generator, groups=groups, samples=samples)[:, 0]
    low, high = percentile_bounds(means, confidence)
    return Estimate(mean, min(low, mean), max(high, mean))


def bootstrap_means(
    values: NDArray[np.float64], generator: np.random.Generator, *, groups: ArrayLike | None = None, samples: int = 1000
) -> NDArray[np.float64]:
    """Means of ``samples`` resamples, (samples, C), of the C columns of ``values`` (N, C).

    All columns share the picked images, so differences between columns are paired. A resample of groups has the mean
    of the images in it: sum over the picked groups of their sums, divided by the number of images picked.
    """
    codes = np.arange(len(values)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    count = int(codes.max()) + 1
    sums = np.stack([np.bincount(codes, weights=column, minlength=count) for column in values.T], axis=1)
    sizes = np.bincount(codes, minlength=count).astype(np.float64)
    block = max(1, DRAWN_AT_ONCE // count)
    means = np.empty((samples, values.shape[1]))
    for start in range(0, samples, block):
        rows = min(block, samples - start)
        picked = generator.integers(0, count, size=(rows, count), dtype=np.int32)
        if values.shape[1] == 1:
            means[start : start + rows, 0] = sums[:, 0][picked].sum(axis=1) / sizes[picked].sum(axis=1)
            continue
        flat = (picked + np.arange(rows, dtype=np.int64)[:, None] * count).ravel()
        times = np.bincount(flat, minlength=rows * count).reshape(rows, count).astype(np.float64)
        means[start : start + rows] = (times @ sums) / (times @ sizes)[:, None]
    return means


def percentile_bounds(draws: ArrayLike, confidence: float) -> tuple[float, float]:
    """The two percentiles of ``draws`` (B,) that leave ``1 - confidence`` outside, half of it on each side."""
    if not 0 < confidence < 1:
        raise IntervalInputError(f"confidence must lie between 0 and 1, got {confidence}.")
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.asarray(draws, dtype=np.float64), [tail, 1 - tail])
    return float(low), float(high)


def seed_half_width(values: ArrayLike, confidence: float = 0.95) -> float:
    """How far the mean over seeds can be trusted: Student's t quantile × standard deviation / √seeds; 0 for one seed.

    ``values``: one number per seed. Raises IntervalInputError when there is none.
    """
    numbers = _checked(values)
    if len(numbers) == 1:
        return 0.0
    quantile = float(stdtrit(len(numbers) - 1, 0.5 + confidence / 2))
    return quantile * float(numbers.std(ddof=1)) / math.sqrt(len(numbers))


def combined_estimate(
    points: ArrayLike, draws: ArrayLike, confidence: float = 0.95, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Estimate:
    """Mean over seeds, with one interval for both reasons to doubt it: few images and few seeds.

    ``points``: (S,), one value per seed, measured on the same images. ``draws``: (S, B), the same values on B resamples
    of these images, shared by all seeds. On each side, the distance from the mean to the percentile of the draws'
    means over seeds and :func:`seed_half_width` are added in quadrature; with one seed the images alone count.
    ``bounds`` are the smallest and largest possible value.
    """
    of_seeds, mean = seed_half_width(points, confidence), float(np.asarray(points, dtype=np.float64).mean())
    low, high = percentile_bounds(np.asarray(draws, dtype=np.float64).mean(axis=0), confidence)
    below, above = math.hypot(max(0.0, mean - low), of_seeds), math.hypot(max(0.0, high - mean), of_seeds)
    return Estimate(mean, min(mean, max(mean - below, bounds[0])), max(mean, min(mean + above, bounds[1])))


def over_seeds(values: ArrayLike, lows: ArrayLike, highs: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Mean over seeds (S,) of numbers whose intervals over the same images are known, as :func:`combined_estimate`: on
    each side the mean distance to the seeds' ends and :func:`seed_half_width` are added in quadrature. NaN ends stay.
    Where all ends lie in 0–1, so does the interval.
    """
    values, of_seeds = np.asarray(values, dtype=np.float64), seed_half_width(values, confidence)
    mean = float(values.mean())
    below, above = (float(np.abs(values - np.asarray(ends, dtype=np.float64)).mean()) for ends in (lows, highs))
    low, high = mean - math.hypot(below, of_seeds), mean + math.hypot(above, of_seeds)
    share = np.min(lows) >= 0 and np.max(highs) <= 1
    return Estimate(mean, max(low, 0.0), min(high, 1.0)) if share else Estimate(mean, low, high)


def p_value(points: ArrayLike, draws: ArrayLike) -> float:
    """Two-sided p of a mean over seeds against 0: the level at which the interval of :func:`combined_estimate` would
    touch 0, with the normal quantile × standard deviation of the draws in place of their percentile, which ends at 1/B.

    ``points`` (S,) and ``draws`` (S, B) as there. 1 for a mean of exactly 0, 0 for one without any doubt.
    """
    points, means = _checked(points), np.asarray(draws, dtype=np.float64).mean(axis=0)
    mean, of_images = abs(float(points.mean())), float(means.std(ddof=1))
    if mean == 0:
        return 1.0

    def excess(logarithm: float) -> float:
        tail = 10.0**logarithm / 2
        return math.hypot(float(ndtri(tail)) * of_images, seed_half_width(points, 1 - 2 * tail)) - mean

    smallest = -15.0
    return 0.0 if excess(smallest) <= 0 else 10.0 ** float(brentq(excess, smallest, -1e-12))


def holm_adjusted(values: Sequence[float]) -> list[float]:
    """Adjusted p values of a family of tests (Holm 1979), in the order given: each at most 1, none below its own."""
    adjusted, largest = [1.0] * len(values), 0.0
    for place, index in enumerate(sorted(range(len(values)), key=lambda index: values[index])):
        largest = max(largest, min(1.0, (len(values) - place) * values[index]))
        adjusted[index] = largest
    return adjusted


def binomial_interval(share: float, count: float, confidence: float = 0.95) -> Estimate:
    """A share of ``count`` independent images with its score interval (Wilson 1927), which stays within 0–1.

    Raises IntervalInputError for a share outside 0–1 or no image.
    """
    if not (0 <= share <= 1 and count >= 1):
        raise IntervalInputError(f"an interval needs a share from 0 to 1 of at least one image: {share} of {count}.")
    z = float(ndtri(0.5 + confidence / 2))
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Estimate(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def difference_of_shares(
    first: float, first_count: float, second: float, second_count: float, confidence: float = 0.95
) -> Estimate:
    """``first - second`` of two independent samples with its interval, from both score intervals (Newcombe 1998)."""
    one, other = binomial_interval(first, first_count, confidence), binomial_interval(second, second_count, confidence)
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    return Estimate(first - second, first - second - below, first - second + above)


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers):
        raise IntervalInputError(f"an interval needs at least one value in one dimension, got shape {numbers.shape}.")
    if not np.isfinite(numbers).all():
        raise IntervalInputError("an interval needs finite values, got NaN or infinity; look at the model's outputs.")
    return numbers
