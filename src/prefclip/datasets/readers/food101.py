"""Food101, whose lists are in ``meta``."""

import json
from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import (
    DatasetFolderError,
    Listing,
    label_by_folder,
    listing_of_lists,
    read_text,
    require,
    require_classes,
)
from prefclip.datasets.photograph_sets import photographs_of
from prefclip.files import write_text


def read(card: Card, folder: Path) -> Listing:
    """Read ``meta/*.json``: class → images without suffix. Raises DatasetFolderError for what is missing or unknown."""
    require_classes(card, require(card, folder / "images", "the folder of images"), card.folders)
    labels = label_by_folder(card)
    rows = []
    for split in ("train", "test"):
        path = folder / "meta" / f"{split}.json"
        try:
            images_of = json.loads(read_text(card, path, "the split list"))
            listed = [(name, image) for name, images in images_of.items() for image in images]
        except (ValueError, AttributeError, TypeError) as error:
            raise DatasetFolderError(
                f"{path}: expected a JSON mapping of class to images ({error}); {card.remedy(folder.parent)}."
            ) from error
        unknown = sorted({name for name, _ in listed} - set(labels))
        if unknown:
            raise DatasetFolderError(f"{path}: {unknown[0]!r} is no class of {card.title}; restore the list.")
        rows += [{"path": f"images/{image}.jpg", "split": split, "label": labels[name]} for name, image in listed]
    return listing_of_lists(card, folder, rows)


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for split, number in (("train", 1), ("test", 2)):
        listed = {name: [f"{name}/{number}"] for name in card.folders}
        write_text(folder / f"meta/{split}.json", json.dumps(listed))
        yield from (f"images/{name}/{number}.jpg" for name in card.folders)


image_set = photographs_of(read)
