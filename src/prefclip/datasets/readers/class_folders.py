"""One folder for each class: ``<class>/<image>``, or that below train, validation and test.

The first form has no splits: every image is a test image.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml

from prefclip.datasets.card import Card
from prefclip.datasets.listings import (
    DatasetFolderError,
    Listing,
    folders_below,
    images_below,
    make_listing,
    read_text,
    require,
    require_classes,
)
from prefclip.datasets.photograph_sets import photographs_of

SPLITS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}


def read(card: Card, folder: Path) -> Listing:
    """Read ``card.inside`` of the folder; class names are the card's, those of its names file, or the folders'.

    Folders of ``card.unread`` may be missing and their images are left out; their names stay candidates.

    Raises DatasetFolderError for missing or unknown class folders, an unreadable names file, and no images.
    """
    base = require(card, folder / card.inside, "the folder of classes")
    found = folders_below(base)
    parts = found if found and set(found) <= set(SPLITS) else [""]
    names = _names(card, folder)
    if names is None:
        # A class may have no images in one of the splits.
        names = {name: name.replace("_", " ") for part in parts for name in folders_below(base / part)}
        names = dict(sorted(names.items()))
    else:
        for part in parts:
            wanted = [each for each in names if each not in card.unread or (base / part / each).is_dir()]
            require_classes(card, base / part, wanted)
    rows = [
        {"path": (place / image).relative_to(folder).as_posix(), "split": SPLITS.get(part, "test"), "label": label}
        for part in parts
        for label, name in enumerate(names)
        if name not in card.unread and (place := base / part / name).is_dir()
        for image in images_below(place)
    ]
    return make_listing(card, folder, tuple(names.values()), rows)


def _names(card: Card, folder: Path) -> dict[str, str] | None:
    """Class names by folder, in evaluation order; None where nothing but the folders says them."""
    if not isinstance(card.classes, str):
        return dict(zip(card.folders or card.classes, card.classes, strict=True)) or None
    if not card.classes:
        return None
    path = folder / card.classes
    try:
        names = yaml.safe_load(read_text(card, path, "the list of class names"))
    except yaml.YAMLError as error:
        raise DatasetFolderError(f"{path}: not valid YAML ({error}).") from error
    if not isinstance(names, dict):
        raise DatasetFolderError(f"{path}: expected a mapping of class folders to class names.")
    return {str(each): name for each, name in names.items()}


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for name in card.folders:
        yield f"{card.inside}/{name}/image_0001.jpg"


image_set = photographs_of(read)
