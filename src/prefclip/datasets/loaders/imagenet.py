"""ImageNet folders: the Kaggle set called ImageNet-100, and the ILSVRC 2012 validation images sorted by synset."""

import json
from pathlib import Path

from prefclip.datasets.catalog_resources import synsets
from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import (
    DatasetFolderError,
    Listing,
    folders_below,
    images_below,
    label_by_folder,
    make_listing,
    read_text,
    require,
    require_classes,
)

TRAIN_PARTS = ("train.X1", "train.X2", "train.X3", "train.X4")
TEST_PART = "val.X"
LABELS_FILE = "Labels.json"
# In at least one public loader "drake" is replaced by "submarine".
SWAPPED_SYNSETS = ("n01847000", "n04347754")


def read_imagenet100(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``train.X1`` … ``train.X4``, ``val.X`` (the test split) and ``Labels.json`` as Kaggle ships them.

    Raises DatasetFolderError for a missing part or class folder, another list of 100 synsets (it says which), and
    class names that differ from the published ones.
    """
    labels = label_by_folder(entry)
    parts = {split: [require(entry, folder / part, "the part") for part in names] for split, names in _PARTS.items()}
    for split, bases in parts.items():
        _check_synsets(entry, folder, split, {name for base in bases for name in folders_below(base)})
    _check_names(entry, folder / LABELS_FILE)
    rows = [
        {"path": f"{base.name}/{synset}/{image}", "split": split, "label": labels[synset], "synset": synset}
        for split, bases in parts.items()
        for base in bases
        for synset in folders_below(base)
        for image in images_below(base / synset)
    ]
    return make_listing(entry, folder, entry.classes, rows)


_PARTS = {"train": TRAIN_PARTS, "test": (TEST_PART,)}


def _check_synsets(entry: DownloadedEntry, folder: Path, split: str, found: set[str]) -> None:
    expected = set(entry.folders)
    if found == expected:
        return
    part = "train.X1–X4" if split == "train" else TEST_PART
    missing, other = sorted(expected - found), sorted(found - expected)
    if not other:
        raise DatasetFolderError(
            f"{folder}: class folder {missing[0]} is missing in {part} ({len(missing)} of {len(expected)} missing); "
            f"{entry.remedy(folder.parent)}."
        )
    raise DatasetFolderError(
        f"{folder}: the {len(found)} synsets of {part} are not those of {entry.title} but "
        f"{name_of_synset_list(found, expected)} ({len(found & expected)} of {len(expected)} in common, "
        f"{other[0]} is no class of it); accuracies would not be comparable; {entry.remedy(folder.parent)}."
    )


def name_of_synset_list(found: set[str], expected: set[str]) -> str:
    """Say in words which of the circulating lists a set of synsets is."""
    present, swapped = SWAPPED_SYNSETS
    if found == set(synsets("imagenet100_cmc")):
        return "the list of CMC (imagenet100.txt of HobbitLong/CMC)"
    if found == set(synsets("imagenet")[:100]):
        return "the first 100 synsets of ImageNet-1k (the list of PODNet and DER)"
    if found == set(synsets("imagenet")):
        return "all of ImageNet-1k"
    if found == (expected - {present}) | {swapped}:
        return f"the same with {swapped} in place of {present}, as in a public loader"
    return "an unknown list"


def _check_names(entry: DownloadedEntry, path: Path) -> None:
    try:
        names = {synset: text.split(",")[0] for synset, text in json.loads(read_text(entry, path, "the list")).items()}
    except (ValueError, AttributeError) as error:
        raise DatasetFolderError(
            f"{path}: expected a JSON mapping of synset to names ({error}); {entry.remedy(path.parent.parent)}."
        ) from error
    for synset, name in zip(entry.folders, entry.classes, strict=True):
        if names.get(synset) != name:
            raise DatasetFolderError(
                f"{path}: the first name of {synset} is {names.get(synset)!r}, expected {name!r}; "
                "class names decide the accuracy, so use the file that comes with the Kaggle set."
            )


def read_imagenet(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``val/<synset>/*.JPEG``, the layout that torchvision makes of the official archive.

    Raises DatasetFolderError for unsorted images and for missing or unknown class folders.
    """
    base = require(entry, folder / "val", "the folder of validation images")
    if images_below(base) and not folders_below(base):
        raise DatasetFolderError(
            f"{base}: the images are not sorted into folders by synset; torchvision.datasets.ImageNet(root, "
            "split='val') does that from the archive ILSVRC2012_img_val.tar and the devkit."
        )
    require_classes(entry, base, entry.folders)
    rows = [
        {"path": f"val/{synset}/{image}", "split": "test", "label": label, "synset": synset}
        for label, synset in enumerate(entry.folders)
        for image in images_below(base / synset)
    ]
    return make_listing(entry, folder, entry.classes, rows)
