"""How much of a saliency map lies on the written word: its box is known exactly from the attack manifest."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefclip.explain.saliency import SaliencyError

BOX_COLUMNS = ("box_left", "box_top", "box_right", "box_bottom")


def box_masks(boxes: ArrayLike, height: int, width: int) -> NDArray[np.bool_]:
    """Pixels inside each box: (N, 4) left, top, right, bottom in pixels, right and bottom exclusive, give (N, H, W).

    Raises SaliencyError for a box that is empty or leaves the image.
    """
    boxes = np.asarray(boxes, dtype=np.int64).reshape(-1, 4)
    left, top, right, bottom = boxes.T[:, :, None]
    fits = (left >= 0) & (top >= 0) & (left < right) & (top < bottom) & (right <= width) & (bottom <= height)
    if not fits.all():
        worst = boxes[int(np.argmin(fits[:, 0]))].tolist()
        raise SaliencyError(
            f"the word's box {worst} is empty or leaves the {width}×{height} image; make the attacks again."
        )
    columns, rows = np.arange(width)[None], np.arange(height)[None]
    across, down = (columns >= left) & (columns < right), (rows >= top) & (rows < bottom)
    return down[:, :, None] & across[:, None, :]


def share_in_box(maps: ArrayLike, boxes: ArrayLike) -> NDArray[np.float64]:
    """Share of the positive saliency that lies inside the box, 0–1: maps (N, H, W), boxes (N, 4) give (N,).

    NaN for a map without positive saliency. Compare it with :func:`box_area`, the share of a map without preferences.
    Known as the energy-based pointing game: Wang et al. 2020, Score-CAM (arXiv:1910.01279).
    """
    maps = _checked(maps)
    positive = np.maximum(maps, 0.0)
    masks = box_masks(boxes, *maps.shape[1:])
    total = positive.sum(axis=(1, 2))
    inside = (positive * masks).sum(axis=(1, 2))
    return np.where(total > 0, inside / np.where(total > 0, total, 1.0), np.nan)


def pointing_game(maps: ArrayLike, boxes: ArrayLike) -> NDArray[np.float64]:
    """Whether the most salient pixel lies inside the box: (N,), 1 or 0; NaN for a map without positive saliency.

    Several equal maxima count by the share of them that lies inside. Zhang et al. 2016 (arXiv:1608.00507), without
    their tolerance of 15 pixels, since the box is exact.
    """
    maps = _checked(maps)
    largest = maps.max(axis=(1, 2))
    best = maps == largest[:, None, None]
    inside = (best & box_masks(boxes, *maps.shape[1:])).sum(axis=(1, 2)) / best.sum(axis=(1, 2))
    return np.where(largest > 0, inside, np.nan)


def box_area(boxes: ArrayLike, height: int, width: int) -> NDArray[np.float64]:
    """Share of the image that the box covers, 0–1, (N,)."""
    return box_masks(boxes, height, width).mean(axis=(1, 2))


def _checked(maps: ArrayLike) -> NDArray[np.float64]:
    maps = np.asarray(maps, dtype=np.float64)
    if maps.ndim != 3 or not np.isfinite(maps).all():
        raise SaliencyError(f"saliency maps must be finite and of shape (N, H, W), got shape {maps.shape}.")
    return maps
