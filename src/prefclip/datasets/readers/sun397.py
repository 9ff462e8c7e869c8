"""SUN397 as its authors packed it, with the split list of Zhou et al. beside it."""

import json
from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.line_lists import write_lines
from prefclip.datasets.listings import DatasetFolderError, Listing, read_text
from prefclip.datasets.photograph_sets import photographs_of
from prefclip.datasets.split_lists import SPLITS, first_of_each, listing_of_split
from prefclip.files import write_text

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


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    write_lines(folder / "ClassName.txt", (f"/{name}" for name in card.folders))
    if card.lists:
        yield from first_of_each(card)
        return
    listed = {
        split: [[f"{name}/sun_{split}.jpg", label, name] for label, name in enumerate(card.folders)] for split in SPLITS
    }
    write_text(folder / SPLIT_LIST, json.dumps(listed))
    yield from (path for rows in listed.values() for path, *_ in rows)


image_set = photographs_of(read)
