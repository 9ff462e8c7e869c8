"""VL-Bias: people doing things or at work, sorted by concept and gender.

The authors publish no directory layout. Their scripts read ``verb/`` (activities) and ``occu/`` (occupations); the
gender folders below them are prefclip's own request.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import Listing, images_by_gender, make_listing, require, require_classes
from prefclip.datasets.photograph_sets import photographs_of

KINDS = {"verb": "activity", "occu": "occupation"}
GENDERS = ("man", "woman")


def read(card: Card, folder: Path) -> Listing:
    """Read ``<kind>/<concept>/<gender>/``. Raises DatasetFolderError for other concepts, or one with one gender."""
    rows = []
    for kind_folder, kind in KINDS.items():
        base, prefix = require(card, folder / kind_folder, "the folder"), f"{kind_folder}/"
        listed = enumerate(card.folders)
        concepts = {path.removeprefix(prefix): label for label, path in listed if path.startswith(prefix)}
        require_classes(card, base, concepts)
        for label in concepts.values():
            rows += images_by_gender(card, folder, label, {gender: gender for gender in GENDERS}, kind)
    return make_listing(card, folder, card.classes, rows)


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for concept, gender in product(card.folders, GENDERS):
        yield f"{concept}/{gender}/1.jpg"


image_set = photographs_of(read)
