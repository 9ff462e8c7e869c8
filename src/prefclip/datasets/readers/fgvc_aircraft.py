"""FGVCAircraft in torchvision's layout."""

from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.line_lists import listing_of_lines, read_lines, write_lines
from prefclip.datasets.listings import DatasetFolderError, Listing
from prefclip.datasets.photograph_sets import photographs_of

LISTS = {
    "train": "data/images_variant_train.txt",
    "validation": "data/images_variant_val.txt",
    "test": "data/images_variant_test.txt",
}


def read(card: Card, folder: Path) -> Listing:
    """Read lines of image number and variant. Raises DatasetFolderError for what is missing, or other variants."""
    path = folder / "data" / "variants.txt"
    odd = sorted(set(read_lines(card, path)) ^ set(card.classes))
    if odd:
        raise DatasetFolderError(
            f"{path}: {odd[0]!r} is listed here or expected, but not both; the class names differ from those "
            f"of {card.title}; {card.remedy(folder.parent)}."
        )
    return listing_of_lines(card, folder, LISTS, _parsed, "variant")


def _parsed(line: str) -> tuple[str, str]:
    image, _, variant = line.partition(" ")
    return variant, f"data/images/{image}.jpg"


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    write_lines(folder / "data/variants.txt", card.classes)
    for split, first in (("train", 1000000), ("val", 2000000), ("test", 3000000)):
        lines = [f"{first + place} {variant}" for place, variant in enumerate(card.classes)]
        write_lines(folder / f"data/images_variant_{split}.txt", lines)
        yield from (f"data/images/{line.split()[0]}.jpg" for line in lines)


image_set = photographs_of(read)
