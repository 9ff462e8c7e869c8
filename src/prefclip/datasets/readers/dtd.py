"""DTD, the describable textures, in torchvision's layout."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import (
    DatasetFolderError,
    Listing,
    label_by_folder,
    listing_of_lists,
    read_lines,
    require,
    require_classes,
)
from prefclip.datasets.photograph_sets import photographs_of

PARTITION = 1


def read(card: Card, folder: Path) -> Listing:
    """Read partition 1, ``labels/{train,val,test}1.txt``; each line is ``texture/image``.

    Raises DatasetFolderError for a missing list, texture folder or image, and for an unknown texture.
    """
    base = folder / "dtd"
    require_classes(card, require(card, base / "images", "the folder of images"), card.folders)
    labels = label_by_folder(card)
    rows = []
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        path = base / "labels" / f"{name}{PARTITION}.txt"
        for line in read_lines(card, path):
            texture = line.partition("/")[0]
            if texture not in labels:
                raise DatasetFolderError(f"{path}: {texture!r} in line {line!r} is no texture of {card.title}.")
            rows.append({"path": f"dtd/images/{line}", "split": split, "label": labels[texture]})
    return listing_of_lists(card, folder, rows)


image_set = photographs_of(read)
