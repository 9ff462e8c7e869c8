"""Sets with one folder for each class: Caltech101, which has no split, and Food101, whose lists are in ``meta``."""

import json
from pathlib import Path

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import (
    DatasetFolderError,
    Listing,
    images_below,
    label_by_folder,
    make_listing,
    read_text,
    require,
    require_classes,
    require_images,
)

BACKGROUND = "BACKGROUND_Google"


def read_caltech101(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``101_ObjectCategories/<category>/image_*.jpg``; every image is a test image.

    The name "background" is a candidate, as in the published runs, but its folder holds no objects: its images are
    not read, and no image has its label.

    Raises DatasetFolderError for missing or unknown category folders.
    """
    base = require(entry, folder / "101_ObjectCategories", "the folder of categories")
    # Copies without the folder of backgrounds are as good: nothing is read from it.
    wanted = [name for name in entry.folders if name != BACKGROUND or (base / BACKGROUND).is_dir()]
    require_classes(entry, base, wanted)
    rows = [
        {"path": f"{base.name}/{category}/{image}", "split": "test", "label": label}
        for label, category in enumerate(entry.folders)
        if category != BACKGROUND
        for image in images_below(base / category)
    ]
    return make_listing(entry, folder, entry.classes, rows)


def read_food101(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``meta/train.json`` and ``meta/test.json``, which map a class to its images without suffix.

    Raises DatasetFolderError for a missing list, class folder or image, and for other classes than the 101.
    """
    require_classes(entry, require(entry, folder / "images", "the folder of images"), entry.folders)
    labels = label_by_folder(entry)
    rows = []
    for split in ("train", "test"):
        path = folder / "meta" / f"{split}.json"
        try:
            images_of = json.loads(read_text(entry, path, "the split list"))
            listed = [(name, image) for name, images in images_of.items() for image in images]
        except (ValueError, AttributeError, TypeError) as error:
            raise DatasetFolderError(
                f"{path}: expected a JSON mapping of class to images ({error}); {entry.remedy(folder.parent)}."
            ) from error
        unknown = sorted({name for name, _ in listed} - set(labels))
        if unknown:
            raise DatasetFolderError(f"{path}: {unknown[0]!r} is no class of {entry.title}; restore the list.")
        rows += [{"path": f"images/{image}.jpg", "split": split, "label": labels[name]} for name, image in listed]
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, entry.classes, rows)
