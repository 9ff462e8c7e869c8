"""EuroSAT, with the split list beside its card."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import Listing, require, require_classes
from prefclip.datasets.photograph_sets import photographs_of
from prefclip.datasets.split_lists import listing_of_split


def read(card: Card, folder: Path) -> Listing:
    """Read ``2750/<class>/*.jpg`` and the shipped split. Raises DatasetFolderError for what is missing or damaged."""
    require_classes(card, require(card, folder / "2750", "the folder of images"), card.folders)
    return listing_of_split(card, folder, "2750/", card.lists[0], card.split_md5)


image_set = photographs_of(read)
