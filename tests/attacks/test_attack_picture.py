"""`prefclip attack` on one picture file."""

import numpy as np
import pytest
from PIL import Image

from prefclip.attacks.picture import attack_picture, scaled_sizes
from prefclip.attacks.typography import AttackError, attack_box
from prefclip.datasets.pictures import PictureError, open_picture
from prefclip.files import OutputError


@pytest.fixture
def picture(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in.png")
    return tmp_path / "in.png"


@pytest.mark.parametrize("size", [(60, 60), (224, 224), (640, 480), (300, 2000), (4000, 3000)])
def test_pictures_of_any_size(tmp_path, size):
    Image.new("RGB", size, (90, 90, 90)).save(tmp_path / "in.png")
    spec = attack_picture(tmp_path / "in.png", "polar bear", tmp_path / "out.png", seed=3)
    smallest, largest = scaled_sizes(size)
    assert smallest <= spec.size <= largest
    changed = (np.asarray(Image.open(tmp_path / "out.png")) != 90).any(axis=2)
    left, top, right, bottom = attack_box(spec)
    assert changed[top:bottom, left:right].any()
    changed[top:bottom, left:right] = False
    assert not changed.any()


def test_protocol_sizes_are_scaled_by_the_shorter_side():
    assert scaled_sizes((224, 224)) == scaled_sizes((224, 999)) == (20, 40)
    assert scaled_sizes((896, 448)) == (40, 80) and scaled_sizes((64, 64)) == (6, 11) and scaled_sizes((9, 9)) == (6, 6)


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "tif", "PNG"])
def test_same_seed_same_bytes(picture, tmp_path, suffix):
    outputs = [tmp_path / f"{name}.{suffix}" for name in ("a", "b", "c")]
    for out, seed in zip(outputs, (1, 1, 2), strict=True):
        attack_picture(picture, "cat", out, seed)
    assert outputs[0].read_bytes() == outputs[1].read_bytes() != outputs[2].read_bytes()
    assert open_picture(outputs[0]).size == (200, 120)


def test_size_range_may_be_given(picture, tmp_path):
    assert attack_picture(picture, "cat", tmp_path / "out.png", size_range=(50, 50)).size == 50


def test_picture_may_replace_itself(picture):
    before = picture.read_bytes()
    attack_picture(picture, "cat", picture)
    assert picture.read_bytes() != before and len(list(picture.parent.iterdir())) == 1


def test_orientation_transparency_and_profile(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    Image.new("RGBA", (100, 60), (0, 0, 0, 0)).save(tmp_path / "in.png", exif=exif, icc_profile=b"profile")
    attack_picture(tmp_path / "in.png", "cat", tmp_path / "out.png")
    out = Image.open(tmp_path / "out.png")
    assert out.size == (60, 100) and out.mode == "RGB" and out.info["icc_profile"] == b"profile"
    assert not out.getexif() and (np.asarray(out) == 255).all(axis=2).mean() > 0.5


@pytest.mark.parametrize(
    ("word", "out", "seed", "complaint"),
    [
        ("", "out.png", 0, r"in\.png: the word to write is empty"),
        ("incomprehensibilities" * 9, "out.png", 0, r"in\.png: the word 'incom.* does not fit on an image of 200×120"),
        ("猫", "out.png", 0, r"in\.png: the word '猫'"),
        ("cat", "out.png", -1, "seed -1: must be 0 or more"),
        ("cat", "out.gif", 0, r"out\.gif: cannot save as '\.gif'; use \.png"),
        ("cat", "out", 0, r"out: cannot save as 'a file without suffix'"),
    ],
)
def test_unusable_arguments_write_nothing(picture, tmp_path, word, out, seed, complaint):
    with pytest.raises(AttackError, match=complaint):
        attack_picture(picture, word, tmp_path / out, seed)
    assert list(tmp_path.iterdir()) == [picture]


def test_damaged_and_missing_pictures_are_named(picture, tmp_path):
    picture.write_bytes(picture.read_bytes()[:2000])
    with pytest.raises(PictureError, match=r"in\.png: cannot be read as a picture"):
        attack_picture(picture, "cat", tmp_path / "out.png")
    with pytest.raises(PictureError, match=r"no\.png: no such picture"):
        attack_picture(tmp_path / "no.png", "cat", tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == [picture]


def test_full_disk_leaves_nothing(picture, tmp_path, largest_file):
    with largest_file(1000), pytest.raises(OutputError, match=r"out\.png: the disk is full"):
        attack_picture(picture, "cat", tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == [picture]
