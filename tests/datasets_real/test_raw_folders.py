"""Every reader on a tiny folder in the real layout."""

import json
import os
import random
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tiny_sets import BUILDERS, list_images, save_image

from prefclip.datasets.card import Size
from prefclip.datasets.check import check_dataset
from prefclip.datasets.listings import DatasetFolderError
from prefclip.datasets.obtain import obtain_dataset
from prefclip.datasets.photograph_names import parse_file_name
from prefclip.datasets.registry import downloaded_card

each_set = pytest.mark.parametrize("name", BUILDERS)


@each_set
def test_listing_is_sorted_and_counts_are_asserted(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    listing = list_images(card, tmp_path)
    assert listing.split_sizes == dict(card.splits)
    assert list(listing.records["path"]) == sorted(listing.records["path"])
    assert all((card.path_in(tmp_path) / path).is_file() for path in listing.records["path"])
    assert listing.records["label"].between(0, len(listing.names) - 1).all()
    assert card.state(tmp_path) == "present"


@each_set
def test_check_finds_the_tiny_set_sound(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    report = check_dataset(card, tmp_path, "all")
    assert report.problems == []
    assert report.opened == sum(card.splits.values())


@each_set
def test_wrong_count_names_folder_and_both_numbers(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    split = next(iter(card.splits))
    expected = card.splits[split] + 1
    wrong = replace(card, splits={**card.splits, split: expected})
    with pytest.raises(DatasetFolderError, match=f"{expected - 1} {split} images, expected {expected}") as caught:
        list_images(wrong, tmp_path)
    assert str(card.path_in(tmp_path)) in str(caught.value)
    assert not check_dataset(wrong, tmp_path, "none").sound


@each_set
def test_missing_folder_says_how_to_get_it(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    shutil.rmtree(card.path_in(tmp_path))
    with pytest.raises(DatasetFolderError, match=f"prefclip datasets fetch {name} --root {tmp_path}"):
        list_images(card, tmp_path)
    assert card.state(tmp_path) == ("manual" if card.route == "manual" else "fetchable")


def test_order_on_disk_does_not_matter(tmp_path, monkeypatch):
    card = BUILDERS["imagenet100"](tmp_path)
    expected = list_images(card, tmp_path).records

    def shuffled(folder):
        items = list(os.scandir(folder))
        random.Random(7).shuffle(items)
        return items

    monkeypatch.setattr("prefclip.datasets.listings.os", SimpleNamespace(scandir=shuffled))
    assert list_images(card, tmp_path).records.equals(expected)


def labels_of(name: str, tmp_path) -> dict[str, str]:
    listing = list_images(BUILDERS[name](tmp_path), tmp_path)
    return {
        path: listing.names[label]
        for path, label in zip(listing.records["path"], listing.records["label"], strict=True)
    }


def test_imagenet100_uses_all_four_parts(tmp_path):
    named = labels_of("imagenet100", tmp_path)
    assert named["train.X1/n01440764/n01440764_18.JPEG"] == "tench"
    assert named["train.X4/n02077923/n02077923_18.JPEG"] == "sea lion"
    assert {path.partition("/")[0] for path in named} == {"train.X1", "train.X2", "train.X3", "train.X4", "val.X"}


def test_caltech_background_is_a_name_but_no_label(tmp_path):
    named = labels_of("caltech101", tmp_path)
    assert "background" not in named.values()
    assert named["101_ObjectCategories/Faces/image_0001.jpg"] == "off-center face"
    shutil.rmtree(tmp_path / "caltech101/101_ObjectCategories/BACKGROUND_Google")
    list_images(BUILDERS["caltech101"](tmp_path), tmp_path)


def test_pets_follow_the_names_not_the_published_numbers(tmp_path):
    named = labels_of("oxford_pets", tmp_path)
    assert named["images/american_bulldog_100.jpg"] == "american bulldog"
    assert named["images/Egyptian_Mau_100.jpg"] == "Egyptian Mau"


def test_flowers_and_cars_count_from_one(tmp_path):
    assert labels_of("flowers102", tmp_path)["jpg/image_00002.jpg"] == "sweet pea"
    cars = labels_of("stanford_cars", tmp_path)
    assert cars["cars_train/00001.jpg"] == "Acura RL Sedan 2012"
    assert cars["cars_test/00001.jpg"] == "AM General Hummer SUV 2000"


def test_sun_reads_only_listed_images(tmp_path):
    named = labels_of("sun397", tmp_path)
    assert named["a/apartment_building/outdoor/sun_test.jpg"] == "apartment building outdoor"
    assert "a/abbey/sun_unlisted.jpg" not in named


def test_aircraft_with_a_slash_in_its_name(tmp_path):
    assert labels_of("fgvc_aircraft", tmp_path)["data/images/1514522.jpg"] == "F/A-18"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("label=ipad_text=bread.jpeg", ("ipad", "bread")),
        ("label=light bulb_text=TV.jpg", ("light bulb", "TV")),
        ("label=a_b_text=c.PNG", ("a_b", "c")),
        ("._label=dog_text=cat.jpg", None),
        ("label=dog.jpg", None),
    ],
)
def test_file_names_of_photographs(name, expected):
    assert parse_file_name(name) == expected


def test_paint_candidates_are_objects_and_words_without_dots(tmp_path):
    listing = list_images(BUILDERS["paint"](tmp_path), tmp_path)
    assert listing.names == ("TV", "adapter", "bread", "ipad", "lamp", "light bulb")
    row = listing.records.set_index("path").loc["label=ipad_text=bread.jpeg"]
    assert listing.names[row["word_label"]] == row["word"] == "bread"


def test_disentangling_takes_the_names_of_classes_json_in_their_order(tmp_path):
    card = BUILDERS["disentangling"](tmp_path)
    assert list_images(card, tmp_path).names == ("bag", "cup", "good")
    path = card.path_in(tmp_path) / "classes.json"
    path.write_text(json.dumps({"cup": 0, "bag": 1}))
    listing = list_images(card, tmp_path)
    assert listing.names == ("cup", "bag")
    words = listing.records.set_index("path")["word_label"]
    assert words["images/IMG_2935.JPG"] == 0
    assert words["images/IMG_2934.JPG"] == -1, "a word that is no candidate can never be predicted"
    path.write_text(json.dumps({"cup": 0}))
    with pytest.raises(DatasetFolderError, match="the object 'bag' is missing among the 1 names"):
        list_images(card, tmp_path)


def test_every_published_size_passes_and_is_recorded(tmp_path, monkeypatch):
    """Disentangling has 180 photographs of 20 objects, or 171 of 19."""
    assert [str(size) for size in downloaded_card("disentangling").other_sizes] == ["171 test images of 19 classes"]
    card = replace(
        BUILDERS["disentangling"](tmp_path), splits={"test": 4}, other_sizes=(Size(splits={"test": 3}, class_count=2),)
    )
    assert list_images(card, tmp_path).split_sizes == {"test": 3}
    assert check_dataset(card, tmp_path).sound
    monkeypatch.setattr("prefclip.datasets.obtain.downloaded_card", {"disentangling": card}.get)
    obtain_dataset("disentangling", tmp_path, tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["images"], found["classes"]) == (3, 2)
    other = replace(card, other_sizes=(Size(splits={"test": 3}, class_count=1),))
    with pytest.raises(
        DatasetFolderError, match="3 test images, expected 4; also published with 3 test images of 1 classes"
    ):
        list_images(other, tmp_path)


def test_scam_variants_share_a_folder_and_their_names(tmp_path):
    listings = {name: list_images(BUILDERS[name](tmp_path), tmp_path) for name in ("scam", "noscam", "synthscam")}
    assert {listing.names for listing in listings.values()} == {("ball", "car", "chair")}
    assert listings["noscam"].records["path"][0] == "images/train/NoSCAM_img_0001.jpg"
    assert list(listings["scam"].records["word"]) == ["car", "car"]


def test_vl_bias_keeps_kind_and_gender(tmp_path):
    records = list_images(BUILDERS["vl_bias"](tmp_path), tmp_path).records
    assert set(zip(records["kind"], records["gender"], strict=True)) == {
        ("activity", "man"),
        ("activity", "woman"),
        ("occupation", "man"),
        ("occupation", "woman"),
    }


def test_gabinsight_reads_pictures_of_one_person(tmp_path):
    records = list_images(BUILDERS["gabinsight"](tmp_path), tmp_path).records
    assert set(records["kind"]) == {"activity"} and set(records["gender"]) == {"man", "woman"}
    assert records["path"][0] == "phaze1/Phaze-1/Baking Bread/Man/1.png" and len(records) == 6


def test_hidden_files_and_other_suffixes_are_no_images(tmp_path):
    card = BUILDERS["imagenet"](tmp_path)
    folder = card.path_in(tmp_path) / "val" / card.folders[0]
    save_image(folder / "._ILSVRC2012_val_00000001.jpg")
    (folder / "notes.txt").write_text("none")
    assert list_images(card, tmp_path).split_sizes == {"test": 6}
