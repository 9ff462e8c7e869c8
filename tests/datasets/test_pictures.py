"""Picture files: upright RGB whatever was stored, and damaged ones named."""

import numpy as np
import pytest
from PIL import Image

from prefclip.datasets.pictures import PictureError, open_picture

LEFT_RED = np.zeros((8, 12, 3), np.uint8)
LEFT_RED[:, :6] = (255, 0, 0)


def test_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying down: turn clockwise to see it upright
    Image.fromarray(LEFT_RED).save(tmp_path / "a.png", exif=exif)
    upright = open_picture(tmp_path / "a.png")
    assert upright.size == (8, 12)
    assert upright.getpixel((4, 1)) == (255, 0, 0) and upright.getpixel((4, 10)) == (0, 0, 0)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(tmp_path, mode):
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 2, 4))
    if mode == "P":
        image.convert("P").save(tmp_path / "a.png", transparency=image.convert("P").getpixel((3, 3)))
        image.save(tmp_path / "a.gif")
        picture = open_picture(tmp_path / "a.gif")
    else:
        image.convert(mode).save(tmp_path / "a.png")
        picture = open_picture(tmp_path / "a.png")
    assert picture.mode == "RGB"
    assert picture.getpixel((0, 0)) == (0, 0, 0) and picture.getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "RGB"])
def test_other_modes_become_rgb(tmp_path, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    Image.fromarray(LEFT_RED).convert(mode).save(tmp_path / f"a.{suffix}")
    assert open_picture(tmp_path / f"a.{suffix}").mode == "RGB"


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    Image.fromarray(np.array([[0, 257 * 128, 65535]], np.uint16)).save(tmp_path / "a.png")
    assert [open_picture(tmp_path / "a.png").getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


def test_colour_profile_stays_only_with_rgb(tmp_path):
    Image.fromarray(LEFT_RED).save(tmp_path / "a.png", icc_profile=b"profile")
    Image.fromarray(LEFT_RED).convert("L").save(tmp_path / "b.png", icc_profile=b"profile")
    assert open_picture(tmp_path / "a.png").info == {"icc_profile": b"profile"}
    assert open_picture(tmp_path / "b.png").info == {}


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "tif"])
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_truncated_pictures_are_named(tmp_path, suffix, share):
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(PictureError, match=rf"a\.{suffix}: cannot be read as a picture .*damaged or cut short"):
        open_picture(path)


def test_text_and_folders_and_missing_files_are_named(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    (tmp_path / "b.png").mkdir()
    for name in ("a.png", "b.png"):
        with pytest.raises(PictureError, match=f"{name}: cannot be read as a picture"):
            open_picture(tmp_path / name)
    with pytest.raises(PictureError, match=r"c\.png: no such picture"):
        open_picture(tmp_path / "c.png")


def test_bombs_are_refused(tmp_path, monkeypatch):
    Image.fromarray(LEFT_RED).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(PictureError, match=r"a\.png: cannot be read"):
        open_picture(tmp_path / "a.png")
