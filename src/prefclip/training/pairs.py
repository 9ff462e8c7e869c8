"""The preference pairs of a run: which image rows and labels make each of them."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from prefclip.datasets.parquet_tables import read_table
from prefclip.datasets.training_subset import training_subset
from prefclip.training.errors import TrainingError

PAIR_COLUMNS = ("id", "row", "attacked_row", "split", "preferred_label", "rejected_label")


@dataclass(frozen=True)
class PairTable:
    """N preference pairs as aligned arrays (N,).

    ``ids`` are those of the clean images, each as often as it has attacks; clean and attacked rows those of the two
    image files; labels the preferred and the rejected class; ``positions`` the rows of the preferences file, and so of
    the cached reference.
    """

    ids: np.ndarray
    clean_rows: np.ndarray
    attacked_rows: np.ndarray
    true_labels: np.ndarray
    written_labels: np.ndarray
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    def of_images(self, count: int, dataset: str) -> "PairTable":
        """Keep the pairs of ``count`` images, drawn per id: a choice in no order that lies inside every larger one."""
        return self._at(np.isin(self.ids, training_subset(self.ids, dataset, count)))

    def of_words(self, count: int, what: str) -> "PairTable":
        """Keep the first ``count`` attacks on each image. Raises TrainingError, led by ``what``, where it has fewer."""
        _, place, found = np.unique(self.ids, return_inverse=True, return_counts=True)
        if found.min() < count:
            raise TrainingError(
                f"{what}: {count} attacked images are asked for but a clean image has only {found.min()}; lower it, or "
                "make the attacks and pairs again."
            )
        # The rank of each pair among those of its image: its place in a stable order by image, from the image's first.
        order = np.argsort(place, kind="stable")
        rank = np.empty(len(self), np.int64)
        rank[order] = np.arange(len(self)) - np.repeat(np.cumsum(found) - found, found)
        return self._at(rank < count)

    def _at(self, kept: np.ndarray) -> "PairTable":
        return PairTable(*(getattr(self, field.name)[kept] for field in fields(self)))


def read_pairs(path: str | Path, clean_images: int, attacked_images: int) -> PairTable:
    """Read a preferences file in its order.

    Raises TableError for a missing or damaged file; TrainingError for pairs outside the training split, or rows that
    the image files do not have.
    """
    table = read_table(path, PAIR_COLUMNS, "make it again with `prefclip pairs`")
    if table.empty:
        raise TrainingError(f"{path}: holds no pairs; make it again from a manifest with a train split.")
    others = set(table["split"]) - {"train"}
    if others:
        raise TrainingError(f"{path}: holds pairs of the split {min(others)!r}; only train may be trained on.")
    for column, count in (("row", clean_images), ("attacked_row", attacked_images)):
        lowest, highest = int(table[column].min()), int(table[column].max())
        if lowest < 0 or highest >= count:
            raise TrainingError(
                f"{path}: {column} {lowest if lowest < 0 else highest} is asked for but the image file holds {count} "
                "images; make images, attacks and pairs again from one manifest."
            )
    columns = ("row", "attacked_row", "preferred_label", "rejected_label")
    arrays = (table[column].to_numpy(np.int64, copy=True) for column in columns)
    return PairTable(table["id"].to_numpy(str), *arrays, positions=np.arange(len(table)))


def check_labels(path: str | Path, pairs: PairTable, classes: int) -> None:
    """Raise TrainingError if a label has no class."""
    for labels in (pairs.true_labels, pairs.written_labels):
        worst = labels.min() if labels.min() < 0 else labels.max()
        if not 0 <= worst < classes:
            raise TrainingError(f"{path}: label {worst} has no class, the list holds {classes}; make the pairs again.")
