"""What every reader hands over, whatever the source of its images."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prefclip.errors import PrefclipError

SPLITS = ("train", "validation", "test")


class ImageSetError(PrefclipError):
    """A reader's records contradict each other."""


@dataclass(frozen=True)
class ImageSet:
    """Class names in evaluation order, one record per image, and a way to get each image's pixels.

    Attributes:
        records: columns id, split, label, then whatever the source knows; strings and integers only.
        draw: pixels of the record at a position, uint8 (size, size, 3); must be picklable, so that several
            processes can draw, and depend on the record alone.
        origin: what an error message should name.
        canvas: as ``draw``, of what words are written on where that differs.
    """

    names: tuple[str, ...]
    records: pd.DataFrame
    size: int
    draw: Callable[[int], np.ndarray]
    origin: str
    canvas: Callable[[int], np.ndarray] | None = None

    def __post_init__(self) -> None:
        records = self.records
        if not len(records):
            raise ImageSetError(f"{self.origin}: there are no images.")
        repeated = records["id"][records["id"].duplicated()]
        if len(repeated):
            raise ImageSetError(f"{self.origin}: the image id {repeated.iloc[0]!r} occurs twice; ids must be unique.")
        unknown = set(records["split"]) - set(SPLITS)
        if unknown:
            raise ImageSetError(f"{self.origin}: unknown split {min(unknown)!r}; allowed: {', '.join(SPLITS)}.")
        outside = records[~records["label"].between(0, len(self.names) - 1)]
        if len(outside):
            raise ImageSetError(
                f"{self.origin}: image {outside['id'].iloc[0]!r} has label {outside['label'].iloc[0]}; "
                f"allowed: 0 to {len(self.names) - 1}."
            )
