"""The split lists of Zhou et al. (CoOp) for sets whose images come without a split.

Format of a list: {"train" | "val" | "test": [[path, label, class name], …]}. Labels here follow from the folder, so
that they cannot contradict the order of the names.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, label_by_folder, listing_of_lists

SPLITS = {"train": "train", "val": "validation", "test": "test"}


def listing_of_split(card: Card, folder: Path, prefix: str, split_path: Path, md5: str) -> Listing:
    """List the images of a split list below ``prefix``. Raises DatasetFolderError for what is missing or unknown."""
    labels = label_by_folder(card)
    rows = []
    for split, images in read_split(card, split_path, md5).items():
        for image in images:
            category = image.rpartition("/")[0]
            if category not in labels:
                raise DatasetFolderError(f"{split_path}: {category!r} of {image!r} is no class of {card.title}.")
            rows.append({"path": prefix + image, "split": split, "label": labels[category]})
    return listing_of_lists(card, folder, rows)


def read_split(card: Card, path: Path, md5: str = "") -> dict[str, list[str]]:
    """Return each split's paths from JSON, maybe gzipped. Raises DatasetFolderError for damage and for another md5."""
    origin = f"`prefclip datasets fetch {card.name}` says where it comes from"
    if card.split_file:
        origin = "restore it from the repository of prefclip"
    if not path.is_file():
        raise DatasetFolderError(f"{path}: the split list of {card.title} is missing; {origin}.")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        values = json.loads(content)
        images = {name: [str(item[0]) for item in values[key]] for key, name in SPLITS.items()}
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DatasetFolderError(f"{path}: not a split list with train, val and test ({error!r}); {origin}.") from error
    if md5 and found != md5:
        raise DatasetFolderError(f"{path}: md5 is {found}, expected {md5}; {origin}.")
    return images


def first_of_each(card: Card) -> Iterator[str]:
    """Yield the first image of each class in each split of the list beside the card: those of a stand-in."""
    for images in read_split(card, card.lists[0], card.split_md5).values():
        yield from {path.rpartition("/")[0]: path for path in reversed(images)}.values()
