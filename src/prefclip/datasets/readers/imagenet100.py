"""The Kaggle set called ImageNet-100."""

import json
from collections.abc import Iterator
from pathlib import Path

from prefclip.datasets.card import Card, dataset_card
from prefclip.datasets.listings import (
    DatasetFolderError,
    Listing,
    folders_below,
    images_below,
    label_by_folder,
    make_listing,
    read_text,
    require,
)
from prefclip.datasets.photograph_sets import photographs_of
from prefclip.files import write_text

PARTS = {"train": ("train.X1", "train.X2", "train.X3", "train.X4"), "test": ("val.X",)}
# In at least one public loader "drake" is replaced by "submarine".
SWAPPED_SYNSETS = ("n01847000", "n04347754")


def read(card: Card, folder: Path) -> Listing:
    """Read ``train.X1`` … ``train.X4``, ``val.X`` (the test split) and ``Labels.json`` as Kaggle ships them.

    Raises DatasetFolderError for a missing part or class folder, another list of 100 synsets (it says which), and
    class names that differ from the published ones.
    """
    labels = label_by_folder(card)
    parts = {split: [require(card, folder / part, "the part") for part in names] for split, names in PARTS.items()}
    for split, bases in parts.items():
        _check_synsets(card, folder, split, {name for base in bases for name in folders_below(base)})
    _check_names(card, folder / "Labels.json")
    rows = [
        {"path": f"{base.name}/{synset}/{image}", "split": split, "label": labels[synset], "synset": synset}
        for split, bases in parts.items()
        for base in bases
        for synset in folders_below(base)
        for image in images_below(base / synset)
    ]
    return make_listing(card, folder, card.classes, rows)


def _check_synsets(card: Card, folder: Path, split: str, found: set[str]) -> None:
    expected = set(card.folders)
    if found == expected:
        return
    part = "train.X1–X4" if split == "train" else "val.X"
    missing, other = sorted(expected - found), sorted(found - expected)
    if not other:
        raise DatasetFolderError(
            f"{folder}: class folder {missing[0]} is missing in {part} ({len(missing)} of {len(expected)} missing); "
            f"{card.remedy(folder.parent)}."
        )
    raise DatasetFolderError(
        f"{folder}: the {len(found)} synsets of {part} are not those of {card.title} but "
        f"{name_of_synset_list(card, found)} ({len(found & expected)} of {len(expected)} in common, "
        f"{other[0]} is no class of it); accuracies would not be comparable; {card.remedy(folder.parent)}."
    )


def name_of_synset_list(card: Card, found: set[str]) -> str:
    """Say in words which of the circulating lists a set of synsets is."""
    expected, whole = set(card.folders), dataset_card("imagenet").folders
    present, swapped = SWAPPED_SYNSETS
    known = {
        **card.look_alikes,
        "the first 100 synsets of ImageNet-1k (the list of PODNet and DER)": whole[:100],
        "all of ImageNet-1k": whole,
        f"the same with {swapped} in place of {present}, as in a public loader": (expected - {present}) | {swapped},
    }
    return next((said for said, synsets in known.items() if found == set(synsets)), "an unknown list")


def _check_names(card: Card, path: Path) -> None:
    try:
        names = {synset: text.split(",")[0] for synset, text in json.loads(read_text(card, path, "the list")).items()}
    except (ValueError, AttributeError) as error:
        raise DatasetFolderError(
            f"{path}: expected a JSON mapping of synset to names ({error}); {card.remedy(path.parent.parent)}."
        ) from error
    for synset, name in zip(card.folders, card.classes, strict=True):
        if names.get(synset) != name:
            raise DatasetFolderError(
                f"{path}: the first name of {synset} is {names.get(synset)!r}, expected {name!r}; "
                "class names decide the accuracy, so use the file that comes with the Kaggle set."
            )


def stand_in(card: Card, folder: Path) -> Iterator[str]:
    """Write the lists of a stand-in and yield the paths of its pictures."""
    names = {synset: f"{name}, made up" for synset, name in zip(card.folders, card.classes, strict=True)}
    write_text(folder / "Labels.json", json.dumps(names))
    for parts in PARTS.values():
        for place, synset in enumerate(card.folders):
            yield f"{parts[place * len(parts) // len(card.folders)]}/{synset}/{synset}_1.JPEG"


image_set = photographs_of(read)
