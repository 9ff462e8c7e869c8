"""Recall at k of image–text retrieval, with one caption for each class."""

import numpy as np
from numpy.typing import NDArray

RANKS = (1, 5)


def image_recall(logits: NDArray[np.float64], label: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Return for each image whether its own caption is among the ``k`` that fit it best, (N,).

    ``logits`` (N, K) of N images and K captions, ``label`` (N,) the own caption of each. At k = 1 the mean is accuracy.
    """
    own = logits[np.arange(len(label)), label]
    # Of captions that fit equally, the first counts as better, as it does for argmax.
    ahead = (logits > own[:, None]).sum(axis=1)
    ahead += ((logits == own[:, None]) & (np.arange(logits.shape[1]) < label[:, None])).sum(axis=1)
    return ahead < k


def text_recall(logits: NDArray[np.float64], label: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Return for each caption that has images whether one of them is among the ``k`` that fit it best, (C,)."""
    captions = np.unique(label)
    best = np.argsort(-logits[:, captions], axis=0, kind="stable")[:k]
    return (label[best] == captions).any(axis=0)
