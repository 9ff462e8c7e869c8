"""DTD, the describable textures, in torchvision's layout."""

from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.line_lists import listing_of_lines, write_lines
from prefclip.datasets.listings import Listing, require, require_classes
from prefclip.datasets.photograph_sets import photographs_of

# Partition 1 of 10.
LISTS = {"train": "dtd/labels/train1.txt", "validation": "dtd/labels/val1.txt", "test": "dtd/labels/test1.txt"}


def read(card: Card, folder: Path) -> Listing:
    """Read partition 1; a line is ``texture/image``. Raises DatasetFolderError for what is missing or unknown."""
    require_classes(card, require(card, folder / "dtd" / "images", "the folder of images"), card.folders)
    return listing_of_lines(card, folder, LISTS, _parsed, "texture")


def _parsed(line: str) -> tuple[str, str]:
    return line.partition("/")[0], f"dtd/images/{line}"


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for number, split in enumerate(("train", "val", "test"), start=1):
        lines = [f"{texture}/{texture}_{number:04d}.jpg" for texture in card.folders]
        write_lines(folder / f"dtd/labels/{split}1.txt", lines)
        yield from (f"dtd/images/{line}" for line in lines)


image_set = photographs_of(read)
