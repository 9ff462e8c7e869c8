"""Flowers102 in torchvision's layout."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, listing_of_lists
from prefclip.datasets.mat_files import read_mat
from prefclip.datasets.photograph_sets import photographs_of


def read(card: Card, folder: Path) -> Listing:
    """Read lists that count from 1. Raises DatasetFolderError for what is missing, damaged or out of range."""
    labels_path = folder / "imagelabels.mat"
    labels = read_mat(card, labels_path, "labels")
    ids_path = folder / "setid.mat"
    rows = []
    for split, key in (("train", "trnid"), ("validation", "valid"), ("test", "tstid")):
        for number in read_mat(card, ids_path, key):
            if not 1 <= number <= len(labels):
                raise DatasetFolderError(f"{ids_path}: {key} lists image {number}, but {len(labels)} have labels.")
            label = int(labels[number - 1]) - 1
            if not 0 <= label < len(card.classes):
                raise DatasetFolderError(f"{labels_path}: label {label + 1}; allowed: 1 to {len(card.classes)}.")
            rows.append({"path": f"jpg/image_{number:05d}.jpg", "split": split, "label": label})
    return listing_of_lists(card, folder, rows)


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    import scipy.io

    count = len(card.classes)
    labels = np.tile(np.arange(1, count + 1), 3)
    numbers = np.arange(1, 3 * count + 1).reshape(3, 1, count)
    scipy.io.savemat(folder / "imagelabels.mat", {"labels": labels[None]})
    scipy.io.savemat(folder / "setid.mat", dict(zip(("trnid", "valid", "tstid"), numbers, strict=True)))
    yield from (f"jpg/image_{number:05d}.jpg" for number in numbers.flat)


image_set = photographs_of(read)
