"""GABInsight: generated pictures of a man or a woman at an activity, as the authors' own scripts look for them."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, images_below, make_listing, require
from prefclip.datasets.photograph_sets import photographs_of

GENDERS = {"Man": "man", "Woman": "woman"}


def read(card: Card, folder: Path) -> Listing:
    """Read ``phaze<n>/Phaze-<n>/<activity>/Man|Woman/``; pictures of two people, beside them, are left out.

    Raises DatasetFolderError for an activity that is missing or has pictures of one gender alone.
    """
    rows = []
    for label, activity in enumerate(card.folders):
        for shown, gender in GENDERS.items():
            base = require(card, folder / activity / shown, f"the pictures with gender {gender!r}")
            images = images_below(base)
            if not images:
                raise DatasetFolderError(f"{base}: no images; {card.remedy(folder.parent)}.")
            told = {"split": "test", "label": label, "kind": "activity", "gender": gender}
            rows += [{"path": f"{activity}/{shown}/{image}", **told} for image in images]
    return make_listing(card, folder, card.classes, rows)


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for activity, gender in product(card.folders, GENDERS):
        yield f"{activity}/{gender}/1.png"


image_set = photographs_of(read)
