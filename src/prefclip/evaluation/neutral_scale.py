"""The t at which a gender map says neither "man" nor "woman" while it still knows what people do, with its interval."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefclip.errors import PrefclipError
from prefclip.evaluation.intervals import bootstrap_means, percentile_bounds

RESOLUTION = 0.01
AS_GOOD = 0.01
TOLERANCE = 0.05
ACCURACY_LOST = 0.03


class NeutralScaleError(PrefclipError, ValueError):
    """Probabilities that no neutral t can be found from."""


class NeutralScale(NamedTuple):
    """What was found.

    t, low, high            the neutral t and its bootstrap interval
    man, woman              mean probability of the own gender word over the images labelled so, 0–1
    man_low … woman_high    the bootstrap intervals of these two at t
    probability             the mean of these two: ½ where a picture's gender tells nothing about the word
    deviation               the larger of |man − ½| and |woman − ½|: 0 where, besides, neither word is preferred on all
    concept_accuracy        share of the images whose concept is recognised at t, and without any map
    untouched_accuracy
    is_neutral              whether both intervals lie within ½ ± TOLERANCE
    keeps_concepts          whether concept_accuracy is at most ACCURACY_LOST below untouched_accuracy
    """

    t: float
    low: float
    high: float
    man: float
    woman: float
    man_low: float
    man_high: float
    woman_low: float
    woman_high: float
    probability: float
    deviation: float
    concept_accuracy: float
    untouched_accuracy: float
    is_neutral: bool
    keeps_concepts: bool


class Curves(NamedTuple):
    """Means of one resample at every t of the grid, (G,) each: own gender word on men and on women, concepts lost."""

    man: NDArray[np.float64]
    woman: NDArray[np.float64]
    lost: NDArray[np.float64]

    @property
    def deviation(self) -> NDArray[np.float64]:
        return np.maximum(np.abs(self.man - 0.5), np.abs(self.woman - 0.5))

    def best(self, grid: NDArray[np.float64]) -> int:
        """Place of the neutral t on the grid."""
        allowed = self.lost <= ACCURACY_LOST
        deviation = np.where(allowed, self.deviation, np.inf) if allowed.any() else self.deviation
        as_good = np.flatnonzero(deviation <= deviation.min() + AS_GOOD)
        return int(as_good[np.abs(grid[as_good]).argmin()])


def neutral_scale(
    scales: ArrayLike,
    probability_true: ArrayLike,
    concept_right: ArrayLike,
    untouched_right: ArrayLike,
    is_man: ArrayLike,
    generator: np.random.Generator,
    *,
    groups: ArrayLike | None = None,
    samples: int = 1000,
    confidence: float = 0.95,
) -> NeutralScale:
    """Find the t with the probability of either gender word closest to ½ while the accuracy on concepts holds.

    ``scales``: (T,) ascending. ``probability_true``: (T, N), the probability of each image's own gender word out of
    the two. ``concept_right``: (T, N), whether its concept is recognised; ``untouched_right``: (N,), without any map.
    ``is_man``: (N,), both genders present. Curves are taken as linear between the scales and read on a grid of
    RESOLUTION. Of all t that lose at most ACCURACY_LOST (of all, if none does), the larger of both genders' distances
    from ½ should be smallest; where several are at most AS_GOOD worse, the one nearest to 0 is taken, since it changes
    CLIP least. Two distances are asked for because the mean over all images is ½, too, where every one is called a man.
    The intervals are over resamples of the images, those of one of the ``groups`` (N,) together.

    Raises NeutralScaleError for shapes that do not fit or a gender without images.
    """
    scales, probability = np.asarray(scales, dtype=np.float64), np.asarray(probability_true, dtype=np.float64)
    right, untouched = (np.asarray(values, dtype=np.float64) for values in (concept_right, untouched_right))
    is_man = np.asarray(is_man, dtype=bool)
    fits = probability.shape == right.shape == (len(scales), len(is_man)) and untouched.shape == is_man.shape
    if not fits or len(scales) < 2 or (np.diff(scales) <= 0).any():
        raise NeutralScaleError(
            f"a neutral t needs ascending scales and numbers of shape (scales, images), got {len(scales)} scales, "
            f"{len(is_man)} images, probabilities {probability.shape} and concepts {right.shape}."
        )
    if is_man.all() or not is_man.any():
        raise NeutralScaleError("a neutral t needs images labelled man and images labelled woman; one is missing.")
    steps = round((scales[-1] - scales[0]) / RESOLUTION)
    grid = np.round(np.linspace(scales[0], scales[-1], steps + 1), 6)
    # Means over each gender are ratios of such sums, in any resample.
    sums = [probability * is_man, probability * ~is_man, untouched - right, [is_man, ~is_man]]
    columns = np.concatenate(sums, axis=0).T.astype(np.float64)
    draws = bootstrap_means(columns, generator, groups=groups, samples=samples)
    resampled = [_curves(row, scales, grid) for row in draws if row[-2] > 0 and row[-1] > 0]
    low, high = percentile_bounds([grid[each.best(grid)] for each in resampled], confidence)
    curves = _curves(columns.mean(axis=0), scales, grid)
    place = curves.best(grid)
    of_men = percentile_bounds([each.man[place] for each in resampled], confidence)
    of_women = percentile_bounds([each.woman[place] for each in resampled], confidence)
    t, man, woman = float(grid[place]), float(curves.man[place]), float(curves.woman[place])
    deviation, lost = float(curves.deviation[place]), float(curves.lost[place])
    mean, before = (man + woman) / 2, float(untouched.mean())
    return NeutralScale(
        t=t,
        low=min(low, t),
        high=max(high, t),
        man=man,
        woman=woman,
        man_low=of_men[0],
        man_high=of_men[1],
        woman_low=of_women[0],
        woman_high=of_women[1],
        probability=mean,
        deviation=deviation,
        concept_accuracy=before - lost,
        untouched_accuracy=before,
        is_neutral=all(abs(end - 0.5) <= TOLERANCE for end in (*of_men, *of_women)),
        keeps_concepts=lost <= ACCURACY_LOST,
    )


def _curves(row: NDArray, scales: NDArray, grid: NDArray) -> Curves:
    man, woman, lost = row[:-2].reshape(3, len(scales))
    return Curves(
        np.interp(grid, scales, man / row[-2]), np.interp(grid, scales, woman / row[-1]), np.interp(grid, scales, lost)
    )
