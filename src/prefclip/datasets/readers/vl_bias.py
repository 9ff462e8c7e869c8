"""VL-Bias: people doing things or at work, sorted by concept and gender.

The authors publish no directory layout. Their scripts read ``verb/`` (activities) and ``occu/`` (occupations); the
gender folders below them are prefclip's own request.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, images_below, make_listing, require, require_classes
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
        for concept, label in concepts.items():
            for gender in GENDERS:
                images = images_below(base / concept / gender) if (base / concept / gender).is_dir() else []
                if not images:
                    raise DatasetFolderError(
                        f"{base / concept / gender}: no images of {concept!r} with gender {gender!r}; every concept "
                        f"needs both {' and '.join(GENDERS)}; {card.remedy(folder.parent)}."
                    )
                told = {"split": "test", "label": label, "kind": kind, "gender": gender}
                rows += [{"path": f"{kind_folder}/{concept}/{gender}/{image}", **told} for image in images]
    return make_listing(card, folder, card.classes, rows)


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    for concept, gender in product(card.folders, GENDERS):
        yield f"{concept}/{gender}/1.jpg"


image_set = photographs_of(read)
