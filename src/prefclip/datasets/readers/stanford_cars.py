"""StanfordCars in torchvision's layout, or unpacked from its mirror on the Hugging Face hub."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, listing_of_lists
from prefclip.datasets.mat_files import read_mat
from prefclip.datasets.mirror_list import MIRROR_LIST, check_class_names, mirror_rows
from prefclip.datasets.photograph_sets import photographs_of


def read(card: Card, folder: Path) -> Listing:
    """Read ``.mat`` lists (labels from 1) or ``mirror.csv``. Raises DatasetFolderError for wrong lists or images."""
    rows = mirror_rows(card, folder) if (folder / MIRROR_LIST).is_file() else _original_rows(card, folder)
    for row in rows:
        if not 0 <= row["label"] < len(card.classes):
            raise DatasetFolderError(
                f"{folder}: {row['path']} has label {row['label']}; allowed: 0 to {len(card.classes) - 1}."
            )
    return listing_of_lists(card, folder, rows)


def _original_rows(card: Card, folder: Path) -> list[dict]:
    meta = folder / "devkit" / "cars_meta.mat"
    check_class_names([str(name) for name in read_mat(card, meta, "class_names")], card, str(meta))
    rows = []
    for split, path in (
        ("train", folder / "devkit" / "cars_train_annos.mat"),
        ("test", folder / "cars_test_annos_withlabels.mat"),
    ):
        annotations = read_mat(card, path, "annotations")
        if not {"fname", "class"} <= set(annotations.dtype.names or ()):
            raise DatasetFolderError(
                f"{path}: the fields fname and class are missing; for the test split only "
                "cars_test_annos_withlabels.mat has them."
            )
        rows += [
            {"path": f"cars_{split}/{item['fname']}", "split": split, "label": int(item["class"]) - 1}
            for item in annotations
        ]
    return rows


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    import scipy.io

    (folder / "devkit").mkdir()
    names = np.array([card.classes], dtype=object)
    scipy.io.savemat(folder / "devkit/cars_meta.mat", {"class_names": names})
    for split, place in (("train", "devkit/cars_train_annos.mat"), ("test", "cars_test_annos_withlabels.mat")):
        rows = [(np.uint8(label), f"{label:05d}.jpg") for label in range(1, len(card.classes) + 1)]
        annotations = np.array([rows], dtype=[("class", object), ("fname", object)])
        scipy.io.savemat(folder / place, {"annotations": annotations})
        yield from (f"cars_{split}/{name}" for _, name in rows)


image_set = photographs_of(read)
