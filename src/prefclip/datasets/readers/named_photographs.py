"""RTA-100 and the set of PAINT: photographs of an object with a misleading word; the file's name holds both."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, images_below, make_listing
from prefclip.datasets.photograph_names import parse_file_name
from prefclip.datasets.photograph_sets import photographs_of


def read(card: Card, folder: Path) -> Listing:
    """Read the photographs directly in the folder; candidate names are all objects and words, sorted.

    Raises DatasetFolderError for an image that is named otherwise, and for other names than the published ones.
    """
    parsed = {}
    for name in images_below(folder):
        found = parse_file_name(name)
        if found is None:
            raise DatasetFolderError(f"{folder / name}: the name has to be like label=dog_text=cat.jpg; rename it.")
        parsed[name] = found
    names = tuple(sorted({text for pair in parsed.values() for text in pair}))
    unknown = sorted(set(names) - set(card.classes))
    if card.classes and unknown:
        raise DatasetFolderError(f"{folder}: {unknown[0]!r} is no object or word of {card.title}.")
    label = {name: index for index, name in enumerate(names)}
    rows = [
        {"path": name, "split": "test", "label": label[thing], "word": word, "word_label": label[word]}
        for name, (thing, word) in parsed.items()
    ]
    return make_listing(card, folder, names, rows)


image_set = photographs_of(read)
