"""Tiny folders in the exact layout of each data set, and cards whose counts and names fit them."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from prefclip.datasets import listings
from prefclip.datasets.card import Card
from prefclip.datasets.families import reader_of
from prefclip.datasets.registry import downloaded_card


def list_images(card: Card, root: Path) -> listings.Listing:
    """List the images of a set with the reader of its family, and assert the counts."""
    return listings.list_images(card, root, reader_of(card).read)


def save_image(path: Path, size: tuple[int, int] = (12, 9), colour: tuple[int, ...] = (200, 30, 60), **options) -> Path:
    """Save a plain image; four colour values make it RGBA."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(path, **options)
    return path


def _tiny(name: str, names: tuple[str, ...], folders: tuple[str, ...], splits: dict[str, int], **fields):
    defaults = {"classes": names, "folders": folders, "splits": splits, "class_count": len(names)}
    return replace(
        downloaded_card(name),
        **{**defaults, "name_count": len(names), "count_tolerance": {}, "content_sha256": "", **fields},
    )


def imagenet100(root: Path) -> Card:
    """All 100 synsets, one image each: 25 folders in each part, as Kaggle ships them."""
    card = replace(downloaded_card("imagenet100"), splits={"train": 100, "test": 100}, count_tolerance={})
    folder = card.path_in(root)
    for place, synset in enumerate(card.folders):
        save_image(folder / f"train.X{place // 25 + 1}" / synset / f"{synset}_18.JPEG")
        save_image(folder / "val.X" / synset / f"ILSVRC2012_val_{place:08d}.JPEG")
    labels = {synset: f"{name}, Genus species" for synset, name in zip(card.folders, card.classes, strict=True)}
    (folder / "Labels.json").write_text(json.dumps(labels))
    return card


def imagenet(root: Path) -> Card:
    card = _tiny("imagenet", ("tench", "missile", "missile"), ("n01440764", "n03773504", "n04008634"), {"test": 6})
    for synset in card.folders:
        for number in (1, 2):
            save_image(card.path_in(root) / "val" / synset / f"ILSVRC2012_val_{number:08d}.JPEG")
    return card


def caltech101(root: Path) -> Card:
    names, folders = ("background", "off-center face", "ant"), ("BACKGROUND_Google", "Faces", "ant")
    card = _tiny("caltech101", names, folders, {"test": 4}, class_count=2)
    for folder in folders:
        for number in (1, 2):
            save_image(card.path_in(root) / "101_ObjectCategories" / folder / f"image_{number:04d}.jpg")
    return card


def oxford_pets(root: Path) -> Card:
    card = _tiny(
        "oxford_pets",
        ("Abyssinian", "Egyptian Mau", "american bulldog"),
        ("Abyssinian", "Egyptian_Mau", "american_bulldog"),
        {"train": 3, "test": 6},
    )
    folder = card.path_in(root)
    # The published numbers order the breeds without regard to case.
    lines = {"trainval": [], "test": []}
    for number, breed in ((1, "Abyssinian"), (2, "american_bulldog"), (3, "Egyptian_Mau")):
        for split, count in (("trainval", 1), ("test", 2)):
            for image in range(count):
                name = f"{breed}_{100 * (split == 'test') + image}"
                save_image(folder / "images" / f"{name}.jpg")
                lines[split].append(f"{name} {number} 1 1")
    for split, listed in lines.items():
        path = folder / "annotations" / f"{split}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(listed) + "\n")
    (folder / "images" / "Abyssinian_100.mat").write_bytes(b"")
    return card


def stanford_cars(root: Path) -> Card:
    names = ("AM General Hummer SUV 2000", "Acura RL Sedan 2012")
    card = _tiny("stanford_cars", names, (), {"train": 2, "test": 3})
    folder = card.path_in(root)
    lists = {"train": (folder / "devkit/cars_train_annos.mat", [2, 1]), "test": (folder / _CARS_TEST, [1, 1, 2])}
    for split, (path, labels) in lists.items():
        rows = []
        for number, label in enumerate(labels, start=1):
            save_image(folder / f"cars_{split}" / f"{number:05d}.jpg")
            rows.append((np.uint16(1), np.uint8(label), f"{number:05d}.jpg"))
        kinds = [("bbox_x1", object), ("class", object), ("fname", object)]
        path.parent.mkdir(exist_ok=True)
        scipy.io.savemat(path, {"annotations": np.array([rows], dtype=kinds)})
    scipy.io.savemat(folder / "devkit/cars_meta.mat", {"class_names": np.array([names], dtype=object)})
    return card


_CARS_TEST = "cars_test_annos_withlabels.mat"


def flowers102(root: Path) -> Card:
    card = _tiny("flowers102", ("pink primrose", "sweet pea"), (), {"train": 2, "validation": 2, "test": 4})
    folder = card.path_in(root)
    for number in range(1, 9):
        save_image(folder / "jpg" / f"image_{number:05d}.jpg")
    scipy.io.savemat(folder / "imagelabels.mat", {"labels": np.array([[1, 2, 1, 2, 2, 1, 1, 2]])})
    ids = {"trnid": [[6, 8]], "valid": [[7, 5]], "tstid": [[4, 2, 3, 1]]}
    scipy.io.savemat(folder / "setid.mat", {key: np.array(numbers) for key, numbers in ids.items()})
    return card


def fgvc_aircraft(root: Path) -> Card:
    card = _tiny("fgvc_aircraft", ("707-320", "F/A-18"), (), {"train": 1, "validation": 1, "test": 2})
    data = card.path_in(root) / "data"
    listed = {"train": ["1025794 707-320"], "val": ["0056978 F/A-18"], "test": ["1514522 F/A-18", "0034309 707-320"]}
    for split, lines in listed.items():
        for line in lines:
            save_image(data / "images" / f"{line.split()[0]}.jpg")
        (data / f"images_variant_{split}.txt").write_text("\n".join(lines) + "\n")
    (data / "variants.txt").write_text("707-320\nF/A-18\n")
    return card


def dtd(root: Path) -> Card:
    card = _tiny("dtd", ("banded", "polka-dotted"), ("banded", "polka-dotted"), dict.fromkeys(_THREE, 2))
    base = card.path_in(root) / "dtd"
    for number, split in enumerate(("train", "val", "test")):
        lines = [f"{texture}/{texture}_{number:04d}.jpg" for texture in card.folders]
        for line in lines:
            save_image(base / "images" / line)
        (base / "labels").mkdir(exist_ok=True)
        (base / "labels" / f"{split}1.txt").write_text("\n".join(lines) + "\n")
    return card


_THREE = ("train", "validation", "test")


def _zhou_list(images: dict[str, list[str]], labels: dict[str, int]) -> str:
    listed = {
        split: [[path, labels[path.rpartition("/")[0]], "a name"] for path in paths] for split, paths in images.items()
    }
    return json.dumps(listed)


def sun397(root: Path) -> Card:
    folders = ("a/abbey", "a/apartment_building/outdoor")
    card = _tiny("sun397", ("abbey", "apartment building outdoor"), folders, dict.fromkeys(_THREE, 2))
    base = card.path_in(root)
    images = {
        split: [save_image(base / folder / f"sun_{split}.jpg").relative_to(base).as_posix() for folder in folders]
        for split in ("train", "val", "test")
    }
    save_image(base / "a/abbey/sun_unlisted.jpg")
    (base / "ClassName.txt").write_text("/a/abbey\n/a/apartment_building/outdoor\n")
    (base / "split_zhou_SUN397.json").write_text(
        _zhou_list(images, {name: place for place, name in enumerate(folders)})
    )
    return card


def eurosat(root: Path) -> Card:
    folders = ("AnnualCrop", "SeaLake")
    split_file = root / "split.json.gz"
    card = _tiny(
        "eurosat",
        ("annual crop", "sea lake"),
        folders,
        dict.fromkeys(_THREE, 2),
        split_file=str(split_file),
        split_md5="",
    )
    base = card.path_in(root) / "2750"
    images = {}
    for number, split in enumerate(("train", "val", "test")):
        images[split] = [f"{folder}/{folder}_{number}.jpg" for folder in folders]
        for path in images[split]:
            save_image(base / path, (64, 64))
    labels = {name: place for place, name in enumerate(folders)}
    split_file.write_bytes(gzip.compress(_zhou_list(images, labels).encode()))
    return card


def food101(root: Path) -> Card:
    folders = ("apple_pie", "waffles")
    card = _tiny("food101", ("apple pie", "waffles"), folders, {"train": 4, "test": 2})
    base = card.path_in(root)
    for split, numbers in (("train", (1005649, 1014775)), ("test", (1011328,))):
        listed = {folder: [f"{folder}/{number}" for number in numbers] for folder in folders}
        for paths in listed.values():
            for path in paths:
                save_image(base / "images" / f"{path}.jpg")
        (base / "meta").mkdir(exist_ok=True)
        (base / "meta" / f"{split}.json").write_text(json.dumps(listed))
    return card


def paint(root: Path) -> Card:
    card = _tiny("paint", (), (), {"test": 3}, class_count=3, name_count=6, word_count=3)
    folder = card.path_in(root)
    save_image(folder / "label=ipad_text=bread.jpeg")
    save_image(folder / "label=light bulb_text=TV.jpg")
    save_image(folder / "label=adapter_text=lamp.png", colour=(1, 2, 3, 255))
    return replace(card, layouts=(("label=adapter_text=lamp.png",),))


def rta100(root: Path) -> Card:
    card = _tiny("rta100", ("bag", "dog"), (), {"test": 2}, word_count=2)
    folder = card.path_in(root)
    save_image(folder / "label=dog_text=bag.jpg")
    save_image(folder / "label=bag_text=dog.jpg")
    return replace(card, layouts=(("label=dog_text=bag.jpg",),))


def disentangling(root: Path) -> Card:
    card = _tiny("disentangling", (), (), {"test": 3}, class_count=2, name_count=None, word_count=2)
    annotations = {"IMG_2934.JPG": ("cup", "good"), "IMG_2935.JPG": ("cup", "cup"), "IMG_1.JPG": ("bag", "good")}
    folder = card.path_in(root)
    for image in annotations:
        save_image(folder / "images" / image)
    values = {
        image: {"true object": thing, "typographic attack label": word} for image, (thing, word) in annotations.items()
    }
    (folder / "annotations.json").write_text(json.dumps(values))
    return card


def _scam(root: Path, name: str) -> Card:
    card = _tiny(name, (), (), {"test": 2}, class_count=2, name_count=None, word_count=1)
    folder = card.path_in(root) / "images" / "train"
    lines = []
    for variant in ("SCAM", "NoSCAM", "SynthSCAM"):
        for number, thing in ((1, "ball"), (2, "chair")):
            save_image(folder / f"{variant}_img_{number:04d}.jpg")
            record = {"file_name": f"{variant}_img_{number:04d}.jpg", "type": variant, "object_label": thing}
            lines.append({**record, "attack_word": "car", "postit_area_pct": 0.4, "id": f"{variant}_img_{number:04d}"})
    (folder / "metadata.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    return card


def scam(root: Path) -> Card:
    return _scam(root, "scam")


def noscam(root: Path) -> Card:
    return _scam(root, "noscam")


def synthscam(root: Path) -> Card:
    return _scam(root, "synthscam")


def vl_bias(root: Path) -> Card:
    folders = ("verb/baking", "verb/working", "occu/nurse")
    card = _tiny("vl_bias", ("baking", "working", "nurse"), folders, {"test": 6})
    for folder in folders:
        for gender in ("man", "woman"):
            save_image(card.path_in(root) / folder / gender / "1.jpg")
    return card


def gabinsight(root: Path) -> Card:
    folders = ("phaze1/Phaze-1/Baking Bread", "phaze2/Phaze-2/tuning_a_guitar", "phaze3/Phaze-3/playing_poker")
    card = _tiny("gabinsight", ("baking bread", "tuning a guitar", "playing poker"), folders, {"test": 6})
    for folder in folders:
        for shown in ("Man", "Woman", "Man Woman"):
            save_image(card.path_in(root) / folder / shown / "1.png")
    return card


BUILDERS: dict[str, Callable[[Path], Card]] = {
    build.__name__: build
    for build in (
        imagenet100,
        imagenet,
        caltech101,
        oxford_pets,
        stanford_cars,
        flowers102,
        fgvc_aircraft,
        dtd,
        sun397,
        eurosat,
        food101,
        disentangling,
        paint,
        rta100,
        scam,
        noscam,
        synthscam,
        vl_bias,
        gabinsight,
    )
}
