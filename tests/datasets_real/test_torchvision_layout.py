"""The tiny folders are in torchvision's layout, and prefclip reads from them what torchvision reads."""

import os

import pytest
import torchvision.datasets as tv
from tiny_sets import BUILDERS, list_images

SPLITS = {
    "oxford_pets": {"train": "trainval", "test": "test"},
    "stanford_cars": {"train": "train", "test": "test"},
    "flowers102": {"train": "train", "validation": "val", "test": "test"},
    "fgvc_aircraft": {"train": "train", "validation": "val", "test": "test"},
    "dtd": {"train": "train", "validation": "val", "test": "test"},
    "food101": {"train": "train", "test": "test"},
}
CLASSES = {
    "oxford_pets": (tv.OxfordIIITPet, "_images"),
    "stanford_cars": (tv.StanfordCars, "_samples"),
    "flowers102": (tv.Flowers102, "_image_files"),
    "fgvc_aircraft": (tv.FGVCAircraft, "_image_files"),
    "dtd": (tv.DTD, "_image_files"),
    "food101": (tv.Food101, "_image_files"),
}


def plain(name: str) -> str:
    return name.lower().replace("_", " ").replace("-", " ")


def ours(name, tmp_path, split=None) -> dict[str, str]:
    card = BUILDERS[name](tmp_path)
    listing = list_images(card, tmp_path)
    records = listing.records if split is None else listing.records[listing.records["split"] == split]
    folder = card.path_in(tmp_path)
    return {
        str(folder / path): listing.names[label] for path, label in zip(records["path"], records["label"], strict=True)
    }


@pytest.mark.parametrize(("name", "split"), [(name, split) for name, splits in SPLITS.items() for split in splits])
def test_splits_and_classes_agree_with_torchvision(name, split, tmp_path, monkeypatch):
    found = ours(name, tmp_path, split)
    monkeypatch.setattr(tv.Flowers102, "_check_integrity", lambda self: True)
    dataset_class, attribute = CLASSES[name]
    dataset = dataset_class(str(tmp_path), split=SPLITS[name][split])
    paths = [item[0] if isinstance(item, tuple) else item for item in getattr(dataset, attribute)]
    labels = [item[1] for item in dataset._samples] if name == "stanford_cars" else dataset._labels
    classes = BUILDERS[name](tmp_path).classes if name == "flowers102" else dataset.classes
    theirs = {os.fspath(path): plain(classes[label]) for path, label in zip(paths, labels, strict=True)}
    assert {path: plain(text) for path, text in found.items()} == theirs


def test_caltech_agrees_with_torchvision(tmp_path):
    found = ours("caltech101", tmp_path)
    dataset = tv.Caltech101(str(tmp_path))
    theirs = [
        os.path.join(dataset.root, "101_ObjectCategories", dataset.categories[label], f"image_{number:04d}.jpg")
        for label, number in zip(dataset.y, dataset.index, strict=True)
    ]
    assert sorted(found) == sorted(theirs)


def test_eurosat_and_sun_agree_with_torchvision(tmp_path):
    found = ours("eurosat", tmp_path)
    theirs = {path: tv.EuroSAT(str(tmp_path)).classes[label] for path, label in tv.EuroSAT(str(tmp_path)).samples}
    assert {path: text.replace(" ", "") for path, text in found.items()} == {
        path: text.lower() for path, text in theirs.items()
    }
    found = ours("sun397", tmp_path)
    dataset = tv.SUN397(str(tmp_path))
    theirs = {
        os.fspath(path): dataset.classes[label]
        for path, label in zip(dataset._image_files, dataset._labels, strict=True)
    }
    assert set(found) < set(theirs), "torchvision knows no split, so it also reads what no list has"
    assert found == {path: theirs[path].replace("_", " ").replace("/", " ") for path in found}
