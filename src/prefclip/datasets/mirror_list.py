"""The list that `fetch` writes beside images that it unpacked from Parquet: path, split and label of each."""

import csv
import re
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, read_text

MIRROR_LIST = "mirror.csv"
# A list of 196 names in another order would agree in almost none.
LEAST_AGREEMENT = 0.9


def mirror_rows(card: Card, folder: Path) -> list[dict]:
    """Return path, split, label (from 0) of each image. Raises DatasetFolderError without a list of these columns."""
    path = folder / MIRROR_LIST
    lines = csv.DictReader(read_text(card, path, "the list").splitlines())
    try:
        return [{"path": line["path"], "split": line["split"], "label": int(line["label"])} for line in lines]
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetFolderError(
            f"{path}: expected the columns path, split, label ({error}); {card.remedy(folder.parent)}."
        ) from error


def check_class_names(found: list[str], card: Card, origin: str) -> None:
    """Raise DatasetFolderError naming ``origin`` for another order than the card's; a few spellings may differ."""
    if len(found) == len(card.classes):
        pairs = list(zip(found, card.classes, strict=True))
        differing = [pair for pair in pairs if _letters(pair[0]) != _letters(pair[1])]
        if len(differing) <= (1 - LEAST_AGREEMENT) * len(pairs):
            return
        reason = f"{differing[0][0]!r} where {differing[0][1]!r} should be"
    else:
        reason = f"{len(found)} classes, expected {len(card.classes)}"
    raise DatasetFolderError(f"{origin}: the class list is another one: {reason}; labels would be wrong.")


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
