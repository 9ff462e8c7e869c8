"""OxfordPets in torchvision's layout."""

from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.line_lists import listing_of_lines, write_lines
from prefclip.datasets.listings import Listing
from prefclip.datasets.photograph_sets import photographs_of

LISTS = {"train": "annotations/trainval.txt", "test": "annotations/test.txt"}


def read(card: Card, folder: Path) -> Listing:
    """Read ``annotations/trainval.txt`` and ``test.txt``; the class is the file's name without its number.

    The numbers in the lists order the classes without regard to case; labels here follow the order of the names.

    Raises DatasetFolderError for a missing list or image, and for an unknown breed.
    """
    return listing_of_lines(card, folder, LISTS, _parsed, "breed")


def _parsed(line: str) -> tuple[str, str]:
    image = line.split()[0]
    return image.rpartition("_")[0], f"images/{image}.jpg"


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for split, number in (("trainval", 1), ("test", 2)):
        images = [f"{breed}_{number}" for breed in card.folders]
        lines = [f"{name} {place} 1 1" for place, name in enumerate(images, start=1)]
        write_lines(folder / f"annotations/{split}.txt", lines)
        yield from (f"images/{name}.jpg" for name in images)


image_set = photographs_of(read)
