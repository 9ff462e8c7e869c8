"""A folder of class folders, with and without splits, of a card or of one's own."""

import json
from dataclasses import replace

import pytest
from tiny_sets import list_images, save_image

from prefclip.config import check_config
from prefclip.datasets.build import build_manifest
from prefclip.datasets.card import own_card
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.listings import DatasetFolderError
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.obtain import obtain_dataset


@pytest.fixture
def shelf(tmp_path):
    """`shelf("a/1.jpg", …)` makes a folder of such images and returns the card of it as one's own set."""

    def make(*images: str, **fields):
        for image in images:
            save_image(tmp_path / "shelf" / image)
        return replace(own_card("shelf", str(tmp_path / "shelf")), **fields)

    return make


def test_without_splits_every_image_is_a_test_image(shelf):
    listing = list_images(shelf("tea_cup/1.jpg", "tea_cup/2.PNG", "book/1.webp", "book/notes.txt.jpg"), "unused")
    assert listing.names == ("book", "tea cup") and listing.split_sizes == {"test": 4}
    assert dict(zip(listing.records["path"], listing.records["label"], strict=True)) == {
        "book/1.webp": 0,
        "book/notes.txt.jpg": 0,
        "tea_cup/1.jpg": 1,
        "tea_cup/2.PNG": 1,
    }


def test_splits_are_folders_and_a_class_may_lack_in_one(shelf):
    listing = list_images(shelf("train/cup/1.jpg", "train/book/1.jpg", "val/cup/1.jpg", "test/cup/1.jpg"), "unused")
    assert listing.split_sizes == {"test": 1, "train": 2, "validation": 1}
    assert listing.names == ("book", "cup")
    row = listing.records.set_index("path").loc["val/cup/1.jpg"]
    assert (row["split"], row["label"]) == ("validation", 1)


def test_a_class_called_train_is_a_class(shelf):
    assert list_images(shelf("train/1.jpg", "bus/1.jpg"), "unused").names == ("bus", "train")


def test_a_names_file_gives_names_and_order(shelf, tmp_path):
    card = shelf("1/a.jpg", "b/a.jpg", classes="names.yaml")
    with pytest.raises(DatasetFolderError, match=r"names\.yaml: the list of class names of shelf is missing"):
        list_images(card, "unused")
    path = tmp_path / "shelf/names.yaml"
    path.write_text("b: oak book\n1: cup\n")
    assert list_images(card, "unused").names == ("oak book", "cup")
    path.write_text("b: oak book\nc: cup\n")
    with pytest.raises(DatasetFolderError, match=r"class folder 'c' is missing.*data\.own\.shelf\.folder"):
        list_images(card, "unused")
    for text, complaint in (("- b\n", "expected a mapping"), ("[", "not valid YAML")):
        path.write_text(text)
        with pytest.raises(DatasetFolderError, match=rf"names\.yaml: {complaint}"):
            list_images(card, "unused")


def test_classes_of_a_card_have_to_be_there(shelf):
    card = shelf("cup/1.jpg", "book/1.jpg", classes=("book", "cup"), class_count=2)
    assert list_images(card, "unused").names == ("book", "cup")
    save_image(card.path_in("unused") / "lamp/1.jpg")
    with pytest.raises(DatasetFolderError, match="folder 'lamp' is no class of shelf"):
        list_images(card, "unused")
    unread = replace(card, classes=("book", "cup", "lamp"), unread=("lamp",))
    assert list_images(unread, "unused").split_sizes == {"test": 2}


def test_pictures_without_class_folders_and_missing_folders_say_what_to_do(shelf, tmp_path):
    with pytest.raises(DatasetFolderError, match=r"shelf: the folder of shelf is missing; place the images there as"):
        list_images(shelf(), "unused")
    with pytest.raises(DatasetFolderError, match=r"no images found; .*<class>/<image>, or correct data\.own\.shelf"):
        list_images(shelf("1.jpg"), "unused")


def test_a_set_of_ones_own_is_obtained_and_built_for_the_part_that_names_it(shelf, tmp_path):
    card = shelf("train/cup/1.jpg", "train/book/1.jpg", "test/cup/1.jpg", "test/book/1.jpg")
    own, values = {"shelf": card}, {"model": {"image_size": 16}, "methods": {}}
    obtain_dataset("shelf", tmp_path / "data", tmp_path / "source.json", own)
    assert json.loads((tmp_path / "source.json").read_text())["images"] == 4
    outputs = [tmp_path / name for name in ("images.npy", "manifest.parquet", "classes.json")]
    config = check_config(values, "test")
    for data, role, count in (({"zero_shot": ("shelf",)}, "zero-shot", 2), ({"train": "shelf"}, "train", 4)):
        part = config.model_copy(update={"data": config.data.model_copy(update=data)})
        assert build_manifest(part, "shelf", *outputs, own=own) == len(read_manifest(outputs[1])) == count
        assert read_classes(outputs[2]).role == role and read_classes(outputs[2]).names == ("book", "cup")
