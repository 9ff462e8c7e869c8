"""Folders that are incomplete, damaged or of another set: each error names the file."""

import json
import shutil

import pytest
import scipy.io
from tiny_sets import BUILDERS, list_images, save_image

from prefclip.config import check_config
from prefclip.datasets.check import check_dataset
from prefclip.datasets.families import reader_of
from prefclip.datasets.listings import DatasetFolderError
from prefclip.datasets.pictures import PictureError
from prefclip.datasets.registry import downloaded_card

LISTS = {
    "imagenet100": "Labels.json",
    "oxford_pets": "annotations/test.txt",
    "stanford_cars": "cars_test_annos_withlabels.mat",
    "flowers102": "setid.mat",
    "fgvc_aircraft": "data/images_variant_test.txt",
    "dtd": "dtd/labels/test1.txt",
    "sun397": "split_zhou_SUN397.json",
    "eurosat": "../split.json.gz",
    "food101": "meta/test.json",
    "disentangling": "annotations.json",
    "scam": "images/train/metadata.jsonl",
}
CLASS_FOLDERS = {
    "imagenet100": "train.X2/n01688243",
    "imagenet": "val/n03773504",
    "caltech101": "101_ObjectCategories/ant",
    "dtd": "dtd/images/polka-dotted",
    "sun397": "a/apartment_building/outdoor",
    "eurosat": "2750/SeaLake",
    "food101": "images/waffles",
    "vl_bias": "occu/nurse",
}
LISTED_IMAGES = {
    "oxford_pets": "images/Abyssinian_100.jpg",
    "stanford_cars": "cars_test/00002.jpg",
    "flowers102": "jpg/image_00002.jpg",
    "fgvc_aircraft": "data/images/1514522.jpg",
    "dtd": "dtd/images/banded/banded_0002.jpg",
    "sun397": "a/abbey/sun_test.jpg",
    "eurosat": "2750/SeaLake/SeaLake_1.jpg",
    "food101": "images/waffles/1011328.jpg",
    "disentangling": "images/IMG_1.JPG",
    "scam": "images/train/SCAM_img_0001.jpg",
}


def class_folder(name: str, card, root):
    """The folder to remove; ImageNet-100's 26th class is the first of part 2."""
    path = CLASS_FOLDERS[name] if name != "imagenet100" else f"train.X2/{card.folders[25]}"
    return card.path_in(root) / path


@pytest.mark.parametrize("name", LISTS)
def test_missing_list_is_named(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    path = card.path_in(tmp_path) / LISTS[name]
    path.unlink()
    with pytest.raises(DatasetFolderError, match=f"{path.name}: the .* missing"):
        list_images(card, tmp_path)


@pytest.mark.parametrize("name", LISTS)
def test_damaged_list_is_named(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    path = card.path_in(tmp_path) / LISTS[name]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 - 1] + b"\xff")
    with pytest.raises(DatasetFolderError, match=path.name.removesuffix(".gz")):
        list_images(card, tmp_path)


@pytest.mark.parametrize("name", CLASS_FOLDERS)
def test_missing_class_folder_is_named(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    folder = class_folder(name, card, tmp_path)
    shutil.rmtree(folder)
    with pytest.raises(DatasetFolderError, match=f"{folder.name}.* missing"):
        list_images(card, tmp_path)


@pytest.mark.parametrize("name", [name for name in CLASS_FOLDERS if name not in ("imagenet100", "sun397")])
def test_unknown_class_folder_is_named(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    save_image(class_folder(name, card, tmp_path).parent / "zzz" / "1.jpg")
    with pytest.raises(DatasetFolderError, match="folder 'zzz' is no class"):
        list_images(card, tmp_path)


@pytest.mark.parametrize("name", LISTED_IMAGES)
def test_missing_image_is_named(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    path = card.path_in(tmp_path) / LISTED_IMAGES[name]
    path.unlink()
    with pytest.raises(DatasetFolderError, match=f"{path.name}: this image is listed but missing"):
        list_images(card, tmp_path)


@pytest.mark.parametrize("name", BUILDERS)
def test_truncated_image_is_an_error_that_names_it(name, tmp_path):
    card = BUILDERS[name](tmp_path)
    first = list_images(card, tmp_path).records
    victim = first[first["split"] == "test"]["path"].iloc[0]
    path = card.path_in(tmp_path) / victim
    save_image(path, (64, 64))
    path.write_bytes(path.read_bytes()[:-200])
    role = card.role if card.role == "train" else "zero-shot"
    values = {"data": {"source": "downloaded", "root": str(tmp_path)}, "model": {"image_size": 8}, "methods": {}}
    images = reader_of(card).image_set(check_config(values, "test"), card, role)
    place = list(images.records["id"]).index(victim)
    with pytest.raises(PictureError, match=f"{path.name}: cannot be read as a picture"):
        images.draw(place)
    report = check_dataset(card, tmp_path, "all")
    assert any(path.name in problem for problem in report.problems)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            lambda: next(iter(downloaded_card("imagenet100").look_alikes.values())),
            r"the list of CMC .*\(8 of 100 in common",
        ),
        (lambda: downloaded_card("imagenet").folders[:100], "first 100 synsets of ImageNet-1k"),
        (
            lambda: tuple(sorted({*downloaded_card("imagenet100").folders, "n04347754"} - {"n01847000"})),
            r"n04347754 in place of n01847000.*\(99 of 100 in common",
        ),
        (lambda: downloaded_card("imagenet").folders[500:600], r"an unknown list \(0 of 100 in common"),
    ],
)
def test_another_list_of_100_synsets_is_refused_and_named(found, said, tmp_path):
    card = BUILDERS["imagenet100"](tmp_path)
    folder = card.path_in(tmp_path)
    shutil.rmtree(folder / "train.X1")
    for synset in found():
        (folder / "train.X1" / synset).mkdir(parents=True)
    for part in ("train.X2", "train.X3", "train.X4"):
        shutil.rmtree(folder / part)
        (folder / part).mkdir()
    with pytest.raises(DatasetFolderError, match=said):
        list_images(card, tmp_path)


def test_missing_part_of_imagenet100_is_named(tmp_path):
    card = BUILDERS["imagenet100"](tmp_path)
    shutil.rmtree(card.path_in(tmp_path) / "train.X3")
    with pytest.raises(DatasetFolderError, match=r"train\.X3: the part of ImageNet-100 is missing"):
        list_images(card, tmp_path)


def test_other_class_names_of_imagenet100_are_refused(tmp_path):
    card = BUILDERS["imagenet100"](tmp_path)
    path = card.path_in(tmp_path) / "Labels.json"
    labels = json.loads(path.read_text())
    path.write_text(json.dumps({**labels, "n01514668": "rooster"}))
    with pytest.raises(DatasetFolderError, match="first name of n01514668 is 'rooster', expected 'cock'"):
        list_images(card, tmp_path)


def test_unsorted_imagenet_says_how_to_sort_it(tmp_path):
    card = BUILDERS["imagenet"](tmp_path)
    base = card.path_in(tmp_path) / "val"
    shutil.rmtree(base)
    save_image(base / "ILSVRC2012_val_00000001.JPEG")
    with pytest.raises(DatasetFolderError, match="not sorted into folders by synset; torchvision"):
        list_images(card, tmp_path)


def test_other_breed_variant_texture_and_label(tmp_path):
    cases = {
        "oxford_pets": ("annotations/test.txt", "griffin_1 1 1 1\n", "'griffin'.* no breed"),
        "fgvc_aircraft": ("data/images_variant_test.txt", "1 Zeppelin\n", "'Zeppelin'.* no variant"),
        "dtd": ("dtd/labels/test1.txt", "smooth/smooth_1.jpg\n", "'smooth'.* no texture"),
    }
    for name, (path, text, said) in cases.items():
        card = BUILDERS[name](tmp_path)
        (card.path_in(tmp_path) / path).write_text(text)
        with pytest.raises(DatasetFolderError, match=said):
            list_images(card, tmp_path)
    card = BUILDERS["flowers102"](tmp_path)
    scipy.io.savemat(card.path_in(tmp_path) / "imagelabels.mat", {"labels": [[1, 2, 1, 9, 2, 1, 1, 2]]})
    with pytest.raises(DatasetFolderError, match="label 9; allowed: 1 to 2"):
        list_images(card, tmp_path)


def test_cars_in_another_order_are_refused(tmp_path):
    card = BUILDERS["stanford_cars"](tmp_path)
    path = card.path_in(tmp_path) / "devkit/cars_meta.mat"
    scipy.io.savemat(path, {"class_names": [["Acura RL Sedan 2012", "AM General Hummer SUV 2000"]]})
    with pytest.raises(DatasetFolderError, match="class list is another one"):
        list_images(card, tmp_path)


def test_test_annotations_of_cars_without_labels(tmp_path):
    card = BUILDERS["stanford_cars"](tmp_path)
    scipy.io.savemat(card.path_in(tmp_path) / "cars_test_annos_withlabels.mat", {"annotations": [[1, 2]]})
    with pytest.raises(DatasetFolderError, match="fields fname and class are missing"):
        list_images(card, tmp_path)


def test_sun_with_another_class_list(tmp_path):
    card = BUILDERS["sun397"](tmp_path)
    (card.path_in(tmp_path) / "ClassName.txt").write_text("/a/abbey\n/z/zoo\n")
    with pytest.raises(DatasetFolderError, match=r"ClassName\.txt.*listed here or expected, but not both"):
        list_images(card, tmp_path)


def test_an_image_in_two_splits_is_refused(tmp_path):
    card = BUILDERS["dtd"](tmp_path)
    labels = card.path_in(tmp_path) / "dtd/labels"
    (labels / "test1.txt").write_text((labels / "train1.txt").read_text())
    with pytest.raises(DatasetFolderError, match="listed more than once"):
        list_images(card, tmp_path)


def test_photograph_named_otherwise(tmp_path):
    card = BUILDERS["rta100"](tmp_path)
    save_image(card.path_in(tmp_path) / "IMG_1.jpg")
    with pytest.raises(DatasetFolderError, match=r"IMG_1\.jpg: the name has to be like"):
        list_images(card, tmp_path)


def test_photograph_of_an_unknown_object(tmp_path):
    card = BUILDERS["rta100"](tmp_path)
    save_image(card.path_in(tmp_path) / "label=unicorn_text=dog.jpg")
    with pytest.raises(DatasetFolderError, match="'unicorn' is no object or word of RTA-100"):
        list_images(card, tmp_path)


def test_vl_bias_without_one_gender(tmp_path):
    card = BUILDERS["vl_bias"](tmp_path)
    shutil.rmtree(card.path_in(tmp_path) / "verb/baking/woman")
    with pytest.raises(DatasetFolderError, match="no images of 'baking' with gender 'woman'"):
        list_images(card, tmp_path)


def test_empty_folder(tmp_path):
    card = BUILDERS["rta100"](tmp_path)
    for path in card.path_in(tmp_path).iterdir():
        path.unlink()
    with pytest.raises(DatasetFolderError, match="no images found"):
        list_images(card, tmp_path)


def test_changed_photograph_is_noticed(tmp_path):
    from dataclasses import replace

    card = replace(BUILDERS["rta100"](tmp_path), content_sha256="0" * 64)
    report = check_dataset(card, tmp_path)
    assert report.problems == ["some files differ from those that were checked when this release was made (sha256)"]
