"""From raw folders to memory map, manifest and class list, as a run makes them."""

from pathlib import Path

import numpy as np
import pytest
from tiny_sets import BUILDERS, save_image

from prefclip.config import Config, check_config
from prefclip.datasets.build import build_manifest
from prefclip.datasets.card import Card, role_in_run
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.families import families
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.pictures import PictureError, open_stored
from prefclip.datasets.registry import DATASETS, downloaded_card
from prefclip.datasets.squares import resize_and_crop

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"
needs_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"{PHOTOS} (real photographs) is not there")


def config_for(root: Path, train: str = "imagenet100", **values) -> Config:
    data = {"source": "downloaded", "root": str(root), "train": train, "zero_shot": ["dtd"], "bias": []}
    model = {"name": "ViT-B-32-quickgelu", "weights": "openai", "image_size": 32}
    return check_config({"data": data, "model": model, "methods": {"dpo": {"objective": "dpo"}}, **values}, "test")


class Build:
    """Files of one data set, which has a card of its own, in a folder."""

    def __init__(self, config: Config, card: Card, folder: Path, workers: int = 1) -> None:
        self.paths = (folder / "images.npy", folder / "manifest.parquet", folder / "classes.json")
        self.count = build_manifest(config, card.name, *self.paths, workers, {card.name: card})
        self.images, self.manifest = open_images(self.paths[0]), read_manifest(self.paths[1])
        self.classes = read_classes(self.paths[2])


@pytest.fixture
def tiny(tmp_path):
    """`tiny(name)` builds a tiny folder and returns its card."""
    return lambda name: BUILDERS[name](tmp_path / "data")


def test_every_family_has_a_set_and_every_set_a_family():
    assert {card.family for card in DATASETS.values()} == set(families())


@pytest.mark.parametrize("name", BUILDERS)
def test_manifest_of_every_set(name, tiny, tmp_path):
    card = tiny(name)
    built = Build(config_for(tmp_path / "data"), card, tmp_path / "run")
    expected = sum(card.splits.values()) if name == "imagenet100" else card.splits["test"]
    assert built.count == len(built.manifest) == len(built.images) == expected
    assert built.images.shape[1:] == (32, 32, 3)
    assert list(built.manifest["id"]) == sorted(built.manifest["id"])
    assert list(built.manifest["name"]) == [built.classes.names[label] for label in built.manifest["label"]]
    assert built.classes.role == card.role
    assert built.classes.template == card.template


def test_pixels_are_those_of_the_reference_path(tiny, tmp_path):
    card = tiny("dtd")
    built = Build(config_for(tmp_path / "data"), card, tmp_path / "run")
    for row, name in zip(built.manifest["row"], built.manifest["id"], strict=True):
        expected = resize_and_crop(open_stored(card.path_in(tmp_path / "data") / name), 32)
        assert np.array_equal(built.images[row], np.asarray(expected))


def test_workers_do_not_change_the_bytes(tiny, tmp_path):
    card = tiny("imagenet100")
    config = config_for(tmp_path / "data")
    one, two = (Build(config, card, tmp_path / str(workers), workers) for workers in (1, 2))
    assert [path.read_bytes() for path in one.paths] == [path.read_bytes() for path in two.paths]


def test_released_code_scores_the_train_split_through_the_bottleneck(tiny, tmp_path):
    card = tiny("dtd")
    gradient = np.arange(96 * 96 * 3, dtype=np.int64).reshape(96, 96, 3) % 251
    from PIL import Image

    path = card.path_in(tmp_path / "data") / "dtd/images/banded/banded_0000.jpg"
    Image.fromarray(gradient.astype(np.uint8)).save(path)
    built = Build(config_for(tmp_path / "data", protocol="released_code"), card, tmp_path / "run")
    assert set(built.manifest["id"]) == {
        "dtd/images/banded/banded_0000.jpg",
        "dtd/images/polka-dotted/polka-dotted_0000.jpg",
    }
    expected = resize_and_crop(resize_and_crop(open_stored(path), 168), 32)
    assert np.array_equal(built.images[0], np.asarray(expected))


def test_repeated_names_of_imagenet_survive(tiny, tmp_path):
    card = tiny("imagenet")
    built = Build(config_for(tmp_path / "data"), card, tmp_path / "run")
    assert built.classes.names == ("tench", "missile", "missile")
    assert built.classes.repeated_names == ("missile", "sunglasses")


def test_words_of_real_photographs_are_in_the_manifest(tiny, tmp_path):
    card = tiny("paint")
    built = Build(config_for(tmp_path / "data"), card, tmp_path / "run")
    assert [built.classes.names[label] for label in built.manifest["word_label"]] == list(built.manifest["word"])


def test_nothing_stays_of_a_set_with_a_truncated_image(tiny, tmp_path):
    card = tiny("rta100")
    path = save_image(card.path_in(tmp_path / "data") / "label=dog_text=bag.jpg", (64, 64))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(PictureError, match=r"label=dog_text=bag\.jpg"):
        Build(config_for(tmp_path / "data"), card, tmp_path / "run")
    assert [path for path in (tmp_path / "run").rglob("*") if path.is_file()] == []


@needs_photos
def test_real_paint_decodes(tmp_path):
    built = Build(config_for(PHOTOS), downloaded_card("paint"), tmp_path)
    assert built.images.shape == (110, 32, 32, 3)
    assert len(built.classes.names) == 159
    assert not any(name.endswith(".") for name in built.classes.names)
    assert built.manifest["sha256"].is_unique
    assert role_in_run(config_for(PHOTOS), downloaded_card("paint")) == "real"
