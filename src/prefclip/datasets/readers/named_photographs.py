"""RTA-100 and the set of PAINT: photographs of an object with a misleading word; the file's name holds both."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, images_below, listing_of_words
from prefclip.datasets.photograph_names import parse_file_name
from prefclip.datasets.photograph_sets import photographs_of


def read(card: Card, folder: Path) -> Listing:
    """Read the folder's photographs. Raises DatasetFolderError for other names of files, objects or words."""
    shown = []
    for name in images_below(folder):
        found = parse_file_name(name)
        if found is None:
            raise DatasetFolderError(f"{folder / name}: the name has to be like label=dog_text=cat.jpg; rename it.")
        shown.append((name, *found))
    unknown = sorted({text for _, *texts in shown for text in texts} - set(card.classes))
    if card.classes and unknown:
        raise DatasetFolderError(f"{folder}: {unknown[0]!r} is no object or word of {card.title}.")
    return listing_of_words(card, folder, shown)


image_set = photographs_of(read)
