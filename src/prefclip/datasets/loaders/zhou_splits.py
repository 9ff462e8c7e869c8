"""EuroSAT and SUN397, whose images come without a split: both use the lists of Zhou et al. (CoOp).

Format of a list: {"train" | "val" | "test": [[path, label, class name], …]}. Labels here follow from the folder, so
that they cannot contradict the order of the names.
"""

import gzip
import hashlib
import json
from pathlib import Path

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import (
    DatasetFolderError,
    Listing,
    label_by_folder,
    make_listing,
    read_text,
    require,
    require_classes,
    require_images,
)

SPLITS = {"train": "train", "val": "validation", "test": "test"}
SUN397_SPLIT = "split_zhou_SUN397.json"


def read_eurosat(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``2750/<class>/*.jpg`` with the split list that ships with prefclip.

    Raises DatasetFolderError for a missing class folder or image, and for a damaged list.
    """
    require_classes(entry, require(entry, folder / "2750", "the folder of images"), entry.folders)
    return _listing(entry, folder, "2750/", Path(entry.split_file), entry.split_md5)


def read_sun397(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read the original tree (``a/abbey/sun_*.jpg``), its ``ClassName.txt`` and ``split_zhou_SUN397.json``.

    Raises DatasetFolderError for a missing list or image, and for other classes than the 397.
    """
    path = folder / "ClassName.txt"
    listed = {line.strip().lstrip("/") for line in read_text(entry, path, "the class list").splitlines()} - {""}
    if listed != set(entry.folders):
        odd = sorted(listed ^ set(entry.folders))[0]
        raise DatasetFolderError(
            f"{path}: {odd!r} is listed here or expected, but not both; this is not the class list of {entry.title}."
        )
    return _listing(entry, folder, "", folder / SUN397_SPLIT, entry.split_md5)


def _listing(entry: DownloadedEntry, folder: Path, prefix: str, split_path: Path, md5: str) -> Listing:
    labels = label_by_folder(entry)
    rows = []
    for split, images in read_split(entry, split_path, md5).items():
        for image in images:
            category = image.rpartition("/")[0]
            if category not in labels:
                raise DatasetFolderError(f"{split_path}: {category!r} of {image!r} is no class of {entry.title}.")
            rows.append({"path": prefix + image, "split": split, "label": labels[category]})
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, entry.classes, rows)


def read_split(entry: DownloadedEntry, path: Path, md5: str = "") -> dict[str, list[str]]:
    """Return the image paths of train, validation and test from a split list (JSON, perhaps compressed).

    Raises DatasetFolderError naming the file when it is missing, damaged, or differs from its published md5.
    """
    if not path.is_file():
        raise DatasetFolderError(f"{path}: the split list of {entry.title} is missing; {_where_from(entry)}.")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        values = json.loads(content)
        images = {name: [str(item[0]) for item in values[key]] for key, name in SPLITS.items()}
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DatasetFolderError(
            f"{path}: not a split list with train, val and test ({error!r}); {_where_from(entry)}."
        ) from error
    if md5 and found != md5:
        raise DatasetFolderError(f"{path}: md5 is {found}, expected {md5}; {_where_from(entry)}.")
    return images


def _where_from(entry: DownloadedEntry) -> str:
    if entry.split_file:
        return "restore it from the repository of prefclip"
    return f"`prefclip datasets fetch {entry.name}` says where it comes from"
