"""SUN397 as its authors packed it, with the split list of Zhou et al. beside it."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, read_text
from prefclip.datasets.photograph_sets import photographs_of
from prefclip.datasets.split_lists import listing_of_split

SPLIT_LIST = "split_zhou_SUN397.json"


def read(card: Card, folder: Path) -> Listing:
    """Read the original tree, class list and split. Raises DatasetFolderError for what is missing or other classes."""
    path = folder / "ClassName.txt"
    listed = {line.strip().lstrip("/") for line in read_text(card, path, "the class list").splitlines()} - {""}
    if listed != set(card.folders):
        odd = sorted(listed ^ set(card.folders))[0]
        raise DatasetFolderError(
            f"{path}: {odd!r} is listed here or expected, but not both; this is not the class list of {card.title}."
        )
    return listing_of_split(card, folder, "", folder / SPLIT_LIST, card.split_md5)


image_set = photographs_of(read)
