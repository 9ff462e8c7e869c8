"""StanfordCars in torchvision's layout, or unpacked from its mirror on the Hugging Face hub."""

import csv
import re
from pathlib import Path

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import DatasetFolderError, Listing, make_listing, read_text, require_images
from prefclip.datasets.loaders.mat_files import read_mat

MIRROR_LIST = "mirror.csv"
# A list of 196 names in another order would agree in almost none.
LEAST_AGREEMENT = 0.9


def read_stanford_cars(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read the ``.mat`` lists of the original (labels from 1), or ``mirror.csv`` where the set came from the mirror.

    Raises DatasetFolderError for a missing or damaged list, a missing image, and class names in another order.
    """
    rows = _mirror_rows(entry, folder) if (folder / MIRROR_LIST).is_file() else _original_rows(entry, folder)
    for row in rows:
        if not 0 <= row["label"] < len(entry.classes):
            raise DatasetFolderError(
                f"{folder}: {row['path']} has label {row['label']}; allowed: 0 to {len(entry.classes) - 1}."
            )
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, entry.classes, rows)


def _original_rows(entry: DownloadedEntry, folder: Path) -> list[dict]:
    meta = folder / "devkit" / "cars_meta.mat"
    check_car_names([str(name) for name in read_mat(entry, meta, "class_names")], entry, str(meta))
    rows = []
    for split, path in (
        ("train", folder / "devkit" / "cars_train_annos.mat"),
        ("test", folder / "cars_test_annos_withlabels.mat"),
    ):
        annotations = read_mat(entry, path, "annotations")
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


def _mirror_rows(entry: DownloadedEntry, folder: Path) -> list[dict]:
    path = folder / MIRROR_LIST
    lines = csv.DictReader(read_text(entry, path, "the list").splitlines())
    try:
        return [{"path": line["path"], "split": line["split"], "label": int(line["label"])} for line in lines]
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetFolderError(
            f"{path}: expected the columns path, split, label ({error}); {entry.remedy(folder.parent)}."
        ) from error


def check_car_names(found: list[str], entry: DownloadedEntry, origin: str) -> None:
    """Check that a source lists the models in the order of ``entry.classes``; spellings may differ in a few.

    Raises DatasetFolderError naming the origin and the first model in another place.
    """
    if len(found) == len(entry.classes):
        pairs = list(zip(found, entry.classes, strict=True))
        differing = [pair for pair in pairs if _letters(pair[0]) != _letters(pair[1])]
        if len(differing) <= (1 - LEAST_AGREEMENT) * len(pairs):
            return
        reason = f"{differing[0][0]!r} where {differing[0][1]!r} should be"
    else:
        reason = f"{len(found)} models, expected {len(entry.classes)}"
    raise DatasetFolderError(f"{origin}: the class list is another one: {reason}; labels would be wrong.")


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
