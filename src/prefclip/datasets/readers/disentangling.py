"""The photographs of Materzynska et al., with an annotation file."""

import json
from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, listing_of_words, read_text
from prefclip.datasets.photograph_names import made_up_pairs
from prefclip.datasets.photograph_sets import photographs_of
from prefclip.files import write_text

OBJECT_KEY, WORD_KEY = "true object", "typographic attack label"


def read(card: Card, folder: Path) -> Listing:
    """Read ``annotations.json`` (image → true object, typographic attack label) and ``images/``.

    Candidate names are those of ``classes.json`` in their order where that file is given (it is not public), else all
    objects and words, sorted.

    Raises DatasetFolderError for a missing annotation file, key or image, and for an object without a candidate name.
    """
    path = folder / "annotations.json"
    annotations = _json_mapping(card, path, "the annotations (called annotation.json in the set's README)")
    pairs = {}
    for image, values in annotations.items():
        try:
            pairs[image] = (str(values[OBJECT_KEY]), str(values[WORD_KEY]))
        except (KeyError, TypeError) as error:
            raise DatasetFolderError(
                f"{path}: {image!r} needs the keys {OBJECT_KEY!r} and {WORD_KEY!r} ({error!r})."
            ) from error
    shown = [(f"images/{image}", thing, word) for image, (thing, word) in pairs.items()]
    path = folder / "classes.json"
    names = tuple(_json_mapping(card, path, "the class list")) if path.is_file() else None
    missing = [] if names is None else sorted({thing for thing, _ in pairs.values()} - set(names))
    if missing:
        raise DatasetFolderError(f"{path}: the object {missing[0]!r} is missing among the {len(names)} names.")
    return listing_of_words(card, folder, shown, names)


def _json_mapping(card: Card, path: Path, what: str) -> dict:
    try:
        values = json.loads(read_text(card, path, what))
    except ValueError as error:
        raise DatasetFolderError(f"{path}: not valid JSON ({error}); {card.remedy(path.parent.parent)}.") from error
    if not isinstance(values, dict):
        raise DatasetFolderError(f"{path}: expected a JSON mapping, got {type(values).__name__}.")
    return values


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    images = {f"IMG_{number}.JPG": pair for number, pair in enumerate(made_up_pairs(), start=1)}
    told = {image: {OBJECT_KEY: thing, WORD_KEY: word} for image, (thing, word) in images.items()}
    write_text(folder / "annotations.json", json.dumps(told))
    yield from (f"images/{image}" for image in images)


image_set = photographs_of(read)
