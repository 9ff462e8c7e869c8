"""The ILSVRC 2012 validation images of ImageNet, sorted by synset."""

from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import (
    DatasetFolderError,
    Listing,
    folders_below,
    images_below,
    make_listing,
    require,
    require_classes,
)
from prefclip.datasets.photograph_sets import photographs_of


def read(card: Card, folder: Path) -> Listing:
    """Read ``val/<synset>/*.JPEG``. Raises DatasetFolderError for unsorted images and for other class folders."""
    base = require(card, folder / "val", "the folder of validation images")
    if images_below(base) and not folders_below(base):
        raise DatasetFolderError(
            f"{base}: the images are not sorted into folders by synset; torchvision.datasets.ImageNet(root, "
            "split='val') does that from the archive ILSVRC2012_img_val.tar and the devkit."
        )
    require_classes(card, base, card.folders)
    rows = [
        {"path": f"val/{synset}/{image}", "split": "test", "label": label, "synset": synset}
        for label, synset in enumerate(card.folders)
        for image in images_below(base / synset)
    ]
    return make_listing(card, folder, card.classes, rows)


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for number, synset in enumerate(card.folders, start=1):
        yield f"val/{synset}/ILSVRC2012_val_{number:08d}.JPEG"


image_set = photographs_of(read)
