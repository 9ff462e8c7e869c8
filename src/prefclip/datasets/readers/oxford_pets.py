"""OxfordPets in torchvision's layout."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.line_lists import listing_of_lines
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


image_set = photographs_of(read)
