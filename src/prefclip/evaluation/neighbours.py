"""What an attacked picture lies next to among clean ones: the picture's own class, or that of the written word."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PICTURES_AT_ONCE = 1024


class NeighbourShares(NamedTuple):
    """Shares of attacked pictures, 0–1, which add up to at most 1."""

    true: float
    written: float


def neighbour_shares(
    clean: NDArray[np.float32], attacked: NDArray[np.float32], label: NDArray[np.int64], written: NDArray[np.int64]
) -> NeighbourShares:
    """How many attacked pictures have a nearest clean picture of their true class, and of the written word's class.

    Nearest by cosine among all other clean pictures: a picture's own clean twin is left out. ``clean``, ``attacked``:
    (N, D) of norm 1, the same N >= 2 pictures in the same order. ``label``, ``written``: (N,), two classes for each
    picture. Of equally near pictures the first counts. A class of a single picture cannot be its own neighbour.
    """
    nearest = np.empty(len(clean), np.int64)
    for start in range(0, len(clean), PICTURES_AT_ONCE):
        similarity = attacked[start : start + PICTURES_AT_ONCE] @ clean.T
        own = np.arange(len(similarity))
        similarity[own, start + own] = -np.inf
        nearest[start : start + len(own)] = similarity.argmax(axis=1)
    found = label[nearest]
    return NeighbourShares(float((found == label).mean()), float((found == written).mean()))
