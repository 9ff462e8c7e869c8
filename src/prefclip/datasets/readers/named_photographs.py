"""RTA-100 and the set of PAINT: photographs of an object with a misleading word; the file's name holds both."""

from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, images_below, listing_of_words
from prefclip.datasets.photograph_names import FILE_NAME, parse_file_name
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


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    needed = [path for layout in card.layouts for path in layout if FILE_NAME.fullmatch(path)]
    pairs = zip(card.classes[:24], card.classes[1:], strict=False)
    return iter(dict.fromkeys([*needed, *(f"label={thing}_text={word}.jpg" for thing, word in pairs)]))


image_set = photographs_of(read)
