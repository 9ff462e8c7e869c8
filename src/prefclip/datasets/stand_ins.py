"""Stand-ins: small folders of made-up pictures in the true layouts, so that a run can be rehearsed without data.

The family of a data set writes its lists and names the pictures (``stand_in`` of its reader), a few for each class and
published split; they are read as data are.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from prefclip.datasets.card import Card
from prefclip.datasets.families import reader_of
from prefclip.datasets.stand_in_marker import StandInError, is_stand_in, mark
from prefclip.files import whole_folder
from prefclip.seeds import generator_for

SIZE = (96, 72)  # pixels, as wide as photographs are


def lay_out(card: Card, root: Path) -> bool:
    """Lay out the stand-in of a set below ``root``, whole or not at all; False where one is there already.

    Raises StandInError, and writes nothing, where the set's folder holds anything else or cannot be one, or its family
    knows no layout.
    """
    folder, family = card.path_in(root), reader_of(card)
    if not hasattr(family, "stand_in"):
        raise StandInError(f"{card.name}: its family {card.family} has no function stand_in, which would lay one out.")
    _require_folders(folder)
    if folder.exists():
        if is_stand_in(folder):
            return False
        raise StandInError(f"{folder}: is there and is no stand-in; name another folder with --root.")
    with whole_folder(folder) as partial:
        for path in family.stand_in(card, partial):
            draw_picture(card, partial, path)
        mark(partial)
    return True


def _require_folders(folder: Path) -> None:
    """Raise StandInError for a file, or a link that leads nowhere, in the place of a folder or of one above it."""
    for place in (folder, *folder.parents):
        if place.is_symlink() and not place.exists():
            raise StandInError(
                f"{place}: is a link to {place.readlink()}, which is not there; make that folder, remove the link, or "
                "name another folder with --root."
            )
        if place.is_file():
            raise StandInError(f"{place}: is a file, not a folder; move it away or name another folder with --root.")


def draw_picture(card: Card, folder: Path, path: str) -> None:
    """Write a picture of one coloured disc on another colour; which ones depends on the path alone."""
    random = generator_for(card.folder, path, "stand-in")
    ground, disc = random.integers(0, 256, (2, 3)).tolist()
    left, top = random.integers(0, np.array(SIZE) // 2).tolist()
    image = Image.new("RGB", SIZE, tuple(ground))
    ImageDraw.Draw(image).ellipse((left, top, left + SIZE[0] // 2, top + SIZE[1] // 2), tuple(disc))
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    image.save(folder / path)
