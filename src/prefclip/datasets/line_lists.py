"""Splits whose images a set lists in text files, one on a line."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, listing_of_lists, read_text
from prefclip.files import write_text


def listing_of_lines(
    card: Card, folder: Path, lists: Mapping[str, str], parse: Callable[[str], tuple[str, str]], kind: str
) -> Listing:
    """Read one list for each split, at paths below ``folder``; ``kind`` is what the set calls a class.

    ``parse`` gives the class (its folder, or its name where the card has no folders) and the path of a line's image.
    Raises DatasetFolderError for a missing list or image, and for an unknown class.
    """
    labels = {named: label for label, named in enumerate(card.folders or card.classes)}
    rows = []
    for split, name in lists.items():
        for line in read_lines(card, folder / name):
            named, path = parse(line)
            if named not in labels:
                raise DatasetFolderError(f"{folder / name}: {named!r} in line {line!r} is no {kind} of {card.title}.")
            rows.append({"path": path, "split": split, "label": labels[named]})
    return listing_of_lists(card, folder, rows)


def read_lines(card: Card, path: Path) -> list[str]:
    """Return lines that are neither empty nor comments. Raises DatasetFolderError where there is no such text."""
    text = read_text(card, path, "the list")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write such a list."""
    write_text(path, "".join(f"{line}\n" for line in lines))
