"""What every reader of a raw folder returns, and what all readers share."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from prefclip.datasets.card import Card
from prefclip.datasets.stand_in_marker import is_stand_in
from prefclip.errors import PrefclipError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class DatasetFolderError(PrefclipError):
    """The folder of a data set lacks files, or holds other ones than it should."""


@dataclass(frozen=True)
class Listing:
    """The images of a data set as its own files list them, unopened; ``names`` are candidates in evaluation order.

    ``records`` has path (below the set's folder, with /), split, label, then what the source knows; sorted by path.
    """

    names: tuple[str, ...]
    records: pd.DataFrame

    @property
    def split_sizes(self) -> dict[str, int]:
        """Images of each split."""
        return {split: int((self.records["split"] == split).sum()) for split in sorted(set(self.records["split"]))}


Reader = Callable[[Card, Path], Listing]


def read_folder(card: Card, root: str | Path, read: Reader) -> Listing:
    """List a set below ``root`` without comparing counts. Raises DatasetFolderError naming what is missing or wrong."""
    return read(card, require(card, card.path_in(root), "the folder"))


def list_images(card: Card, root: str | Path, read: Reader) -> Listing:
    """List a set and assert the published counts, unless it is a stand-in.

    Raises DatasetFolderError naming the folder and all that differ.
    """
    listing = read_folder(card, root, read)
    problems = [] if is_stand_in(card.path_in(root)) else count_problems(card, listing)
    if problems:
        raise DatasetFolderError(f"{card.path_in(root)}: {'; '.join(problems)}; {card.remedy(root)}.")
    return listing


def make_listing(card: Card, folder: Path, names: tuple[str, ...], rows: Iterable[dict]) -> Listing:
    """Sort the rows by path. Raises DatasetFolderError for none, and for an image that is listed twice."""
    records = pd.DataFrame(rows)
    if not len(records):
        raise DatasetFolderError(f"{folder}: no images found; {card.remedy(folder.parent)}.")
    records = records.sort_values("path", kind="stable").reset_index(drop=True)
    repeated = records.loc[records["path"].duplicated(), "path"]
    if len(repeated):
        raise DatasetFolderError(
            f"{folder}: the image {repeated.iloc[0]!r} is listed more than once ({len(repeated)} such lines); "
            "an image belongs to one split and one class, so the lists are damaged."
        )
    return Listing(names, records)


def listing_of_lists(card: Card, folder: Path, rows: Sequence[dict], names: tuple[str, ...] | None = None) -> Listing:
    """List images that a set's own lists name; candidate names are those of the card unless given.

    Raises DatasetFolderError as :func:`make_listing`, and for an image that is listed but missing. A stand-in has only
    some of those that a list beside the card names.
    """
    if is_stand_in(folder):
        rows = [row for row in rows if (folder / row["path"]).is_file()]
    require_images(card, folder, [row["path"] for row in rows])
    return make_listing(card, folder, card.classes if names is None else names, rows)


def listing_of_words(
    card: Card, folder: Path, shown: Sequence[tuple[str, str, str]], names: tuple[str, ...] | None = None
) -> Listing:
    """List test images that bear a word, from path, object and word of each; errors as in :func:`listing_of_lists`.

    Candidate ``names`` are all objects and words, sorted, unless given. A word that is none can never be the prediction
    and has the label -1.
    """
    names = tuple(sorted({text for _, *texts in shown for text in texts})) if names is None else names
    label = {name: index for index, name in enumerate(names)}
    rows = [
        {"path": path, "split": "test", "label": label[thing], "word": word, "word_label": label.get(word, -1)}
        for path, thing, word in shown
    ]
    return listing_of_lists(card, folder, rows, names)


def require(card: Card, path: Path, what: str) -> Path:
    """Return ``path`` if it exists. Raises DatasetFolderError naming what is missing, where, and how to get it."""
    if not path.exists():
        root = _root_of(card, path)
        raise DatasetFolderError(f"{path}: {what} of {card.title} is missing; {card.remedy(root)}.")
    return path


def read_text(card: Card, path: Path, what: str) -> str:
    """Return the text of a list that the set ships. Raises DatasetFolderError where it is missing or no text."""
    require(card, path, what)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetFolderError(
            f"{path}: {what} cannot be read ({error}); {card.remedy(_root_of(card, path))}."
        ) from error


def images_below(folder: Path) -> list[str]:
    """Return the names of the image files directly in a folder, sorted; hidden files are no images."""
    return sorted(
        item.name
        for item in os.scandir(folder)
        if item.name.lower().endswith(IMAGE_SUFFIXES) and not item.name.startswith(".") and item.is_file()
    )


def images_by_gender(card: Card, folder: Path, label: int, genders: Mapping[str, str], kind: str) -> list[dict]:
    """Rows of the test images of one concept, which lie in a folder for each gender, by the folder's name.

    Raises DatasetFolderError for a gender without images.
    """
    rows, place = [], card.folders[label]
    for name, gender in genders.items():
        base = folder / place / name
        images = images_below(base) if base.is_dir() else []
        if not images:
            raise DatasetFolderError(
                f"{base}: no images of {place.rpartition('/')[2]!r} with gender {gender!r}; every concept needs both "
                f"{' and '.join(genders.values())}; {card.remedy(folder.parent)}."
            )
        told = {"split": "test", "label": label, "kind": kind, "gender": gender}
        rows += [{"path": f"{place}/{name}/{image}", **told} for image in images]
    return rows


def folders_below(folder: Path) -> list[str]:
    """Return the names of the folders directly in a folder, sorted, without hidden ones."""
    return sorted(item.name for item in os.scandir(folder) if item.is_dir() and not item.name.startswith("."))


def require_classes(card: Card, base: Path, wanted: Iterable[str]) -> None:
    """Raise DatasetFolderError naming what is missing or unknown unless ``base`` has exactly the wanted folders."""
    found, expected = set(folders_below(base)), set(wanted)
    remedy = card.remedy(_root_of(card, base))
    if missing := sorted(expected - found):
        raise DatasetFolderError(f"{base}: class folder {missing[0]!r} is missing ({len(missing)} missing); {remedy}.")
    if unknown := sorted(found - expected):
        raise DatasetFolderError(
            f"{base}: folder {unknown[0]!r} is no class of {card.title} ({len(unknown)} unknown); {remedy}."
        )


def require_images(card: Card, folder: Path, paths: Iterable[str]) -> None:
    """Raise DatasetFolderError naming the first path that is no image file; each folder is listed only once."""
    present: dict[str, set[str]] = {}
    missing = []
    for path in paths:
        parent, _, name = path.rpartition("/")
        if parent not in present:
            base = folder / parent
            present[parent] = set(images_below(base)) if base.is_dir() else set()
        if name not in present[parent]:
            missing.append(path)
    if missing:
        raise DatasetFolderError(
            f"{folder / missing[0]}: this image is listed but missing ({len(missing)} missing); "
            f"{card.remedy(_root_of(card, folder))}."
        )


def label_by_folder(card: Card) -> dict[str, int]:
    """Return the label of each of the set's own class names."""
    return {folder: label for label, folder in enumerate(card.folders)}


def count_problems(card: Card, listing: Listing) -> list[str]:
    """Compare a listing with the published counts; return one sentence for each difference, none where a size fits."""
    differences = [_differences(size, listing) for size in card.sizes]
    if [] in differences:
        return []
    return [*differences[0], *(f"also published with {size}" for size in card.other_sizes)]


def _differences(card: Card, listing: Listing) -> list[str]:
    problems = []
    hint = "" if card.counts_verified else " (an unverified figure)"
    found = listing.split_sizes
    for split, expected in card.splits.items():
        count, tolerance = found.get(split, 0), card.count_tolerance.get(split, 0.0)
        if expected is not None and abs(count - expected) > tolerance * expected:
            about = "about " if tolerance else ""
            problems.append(f"{count} {split} images, expected {about}{expected}{hint}")
    for split in sorted(set(found) - set(card.splits)):
        problems.append(f"{found[split]} images of an unknown split {split!r}")
    classes = listing.records["label"].nunique()
    if card.class_count is not None and classes != card.class_count:
        problems.append(f"images of {classes} classes, expected {card.class_count}")
    if card.name_count is not None and len(listing.names) != card.name_count:
        problems.append(f"{len(listing.names)} candidate names, expected {card.name_count}")
    if card.word_count is not None and (words := listing.records["word"].nunique()) != card.word_count:
        problems.append(f"{words} written words, expected {card.word_count}")
    return problems


def _root_of(card: Card, path: Path) -> Path:
    """The root folder, given a path in the set's folder."""
    parts = Path(card.folder).parts
    for parent in (path, *path.parents):
        if parent.parts[-len(parts) :] == parts:
            return Path(*parent.parts[: -len(parts)])
    return path.parent
