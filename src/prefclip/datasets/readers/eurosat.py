"""EuroSAT, with the split list beside its card."""

from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import Listing, require, require_classes
from prefclip.datasets.photograph_sets import photographs_of
from prefclip.datasets.split_lists import first_of_each, listing_of_split


def read(card: Card, folder: Path) -> Listing:
    """Read ``2750/<class>/*.jpg`` and the shipped split. Raises DatasetFolderError for what is missing or damaged."""
    require_classes(card, require(card, folder / "2750", "the folder of images"), card.folders)
    return listing_of_split(card, folder, "2750/", card.lists[0], card.split_md5)


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    return (f"2750/{path}" for path in first_of_each(card))


image_set = photographs_of(read)
