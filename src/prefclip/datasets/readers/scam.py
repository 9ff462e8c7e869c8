"""SCAM and its two counterparts: the same photographs with a note, without one, and with a rendered word."""

import json
from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.line_lists import write_lines
from prefclip.datasets.listings import DatasetFolderError, Listing, listing_of_words, read_text
from prefclip.datasets.photograph_names import made_up_pairs
from prefclip.datasets.photograph_sets import photographs_of

IMAGES = "images/train"


def read(card: Card, folder: Path) -> Listing:
    """Read ``images/train/metadata.jsonl`` of the hub's ``images.zip`` and keep the variant of the card.

    Candidate names are all objects and attack words, sorted. The set's own protocol compares ``label`` with
    ``word_label`` only. On NoSCAM the word is blanked out: ``word`` is the one that the note bore.

    Raises DatasetFolderError for a missing or damaged list, a missing image, and a list without this variant.
    """
    path = folder / IMAGES / "metadata.jsonl"
    records = []
    for number, line in enumerate(read_text(card, path, "the annotation list").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            records.append(tuple(str(values[key]) for key in ("file_name", "type", "object_label", "attack_word")))
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetFolderError(
                f"{path}: line {number} needs file_name, type, object_label and attack_word ({error!r})."
            ) from error
    chosen = [record for record in records if record[1] == card.variant]
    if not chosen:
        raise DatasetFolderError(f"{path}: no image has type {card.variant!r}; {card.remedy(folder.parent)}.")
    return listing_of_words(card, folder, [(f"{IMAGES}/{image}", thing, word) for image, _, thing, word in chosen])


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    told = [
        {"file_name": f"{kind}_{number:04d}.jpg", "type": kind, "object_label": thing, "attack_word": word}
        for kind in ("SCAM", "NoSCAM", "SynthSCAM")
        for number, (thing, word) in enumerate(made_up_pairs(), start=1)
    ]
    write_lines(folder / IMAGES / "metadata.jsonl", map(json.dumps, told))
    yield from (f"{IMAGES}/{each['file_name']}" for each in told)


image_set = photographs_of(read)
