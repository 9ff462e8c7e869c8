"""GABInsight: generated pictures of a man or a woman at an activity, as the authors' own scripts look for them."""

from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import Listing, images_by_gender, make_listing
from prefclip.datasets.photograph_sets import photographs_of

GENDERS = {"Man": "man", "Woman": "woman"}


def read(card: Card, folder: Path) -> Listing:
    """Read ``phaze<n>/Phaze-<n>/<activity>/Man|Woman/``; pictures of two people, beside them, are left out.

    Raises DatasetFolderError for an activity that is missing or has pictures of one gender alone.
    """
    by_activity = (images_by_gender(card, folder, label, GENDERS, "activity") for label in range(len(card.folders)))
    return make_listing(card, folder, card.classes, chain.from_iterable(by_activity))


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for activity, gender in product(card.folders, GENDERS):
        yield f"{activity}/{gender}/1.png"


image_set = photographs_of(read)
