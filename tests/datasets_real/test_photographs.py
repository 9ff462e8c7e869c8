"""Opening and squaring photographs."""

import pickle
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from tiny_sets import save_image
from torchvision.transforms import CenterCrop, InterpolationMode, Resize

from prefclip.datasets.photographs import PhotographDecoder, open_rgb
from prefclip.datasets.pictures import PictureError
from prefclip.datasets.squares import resize_and_crop, squeezed


def photo_like(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def display_p3_profile() -> bytes:
    """A minimal matrix profile with the primaries of Display P3 and the curve of gamma 2.2."""
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.2920, 0.6922, 0.0419),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    for place in range(struct.unpack(">I", srgb[128:132])[0]):
        start = 132 + 12 * place
        tag, (offset, _) = bytes(srgb[start : start + 4]), struct.unpack(">II", srgb[start + 4 : start + 12])
        if tag in primaries:
            values = [round(value * 65536) for value in primaries[tag]]
            srgb[offset + 8 : offset + 20] = struct.pack(">iii", *values)
    return bytes(srgb)


def test_transparency_is_laid_on_white(tmp_path):
    path = save_image(tmp_path / "clear.png", colour=(10, 20, 30, 0))
    assert open_rgb(path).mode == "RGB"
    assert open_rgb(path).getpixel((0, 0)) == (255, 255, 255)
    path = save_image(tmp_path / "solid.png", colour=(10, 20, 30, 255))
    assert open_rgb(path).getpixel((0, 0)) == (10, 20, 30)


def test_exif_orientation_is_applied(tmp_path):
    picture = Image.new("RGB", (20, 10), (0, 0, 0))
    picture.paste((255, 255, 255), (0, 0, 5, 5))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90° clockwise to see it upright
    picture.save(tmp_path / "turned.png", exif=exif)
    opened = open_rgb(tmp_path / "turned.png")
    assert opened.size == (10, 20)
    assert opened.getpixel((9, 0)) == (255, 255, 255)
    assert opened.getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_that_of_pillow(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo_like(7, 5).save(tmp_path / "turned.png", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(tmp_path / "turned.png"))
    assert np.array_equal(np.asarray(open_rgb(tmp_path / "turned.png")), np.asarray(expected))


def test_odd_exif_tag_is_no_damage(tmp_path):
    # A negative value in a tag that is written as an unsigned number; Pillow's exif_transpose cannot write it back.
    tags = struct.pack("<HHHIIHHII", 2, 0x0111, 8, 1, 0xFFFF, 0x0112, 3, 1, 6)
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + tags + struct.pack("<I", 0)
    Image.new("RGB", (20, 10)).save(tmp_path / "odd.jpg", exif=exif)
    assert open_rgb(tmp_path / "odd.jpg").size == (10, 20)
    Image.new("RGB", (20, 10)).save(tmp_path / "garbage.jpg", exif=b"Exif\0\0no tags")
    assert open_rgb(tmp_path / "garbage.jpg").size == (20, 10)


def test_colour_profile_is_converted_unless_as_stored(tmp_path):
    path = save_image(tmp_path / "p3.png", colour=(200, 40, 40), icc_profile=display_p3_profile())
    converted, stored = (PhotographDecoder(path.parent, (path.name,), 8, None, how)(0) for how in ("srgb", "as_stored"))
    assert tuple(stored[0, 0]) == (200, 40, 40)
    converted = converted[0, 0]
    assert converted[0] > 205, "the same red is a larger number in the smaller colour space"
    assert converted[1] < 40
    assert "icc_profile" not in open_rgb(path).info


def test_srgb_profile_changes_nothing(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = save_image(tmp_path / "srgb.png", colour=(200, 40, 90), icc_profile=profile)
    assert np.abs(np.subtract(open_rgb(path).getpixel((0, 0)), (200, 40, 90))).max() <= 1


def test_unreadable_profile_is_left_out_of_account(tmp_path):
    path = save_image(tmp_path / "broken.png", colour=(200, 40, 90), icc_profile=b"no profile at all")
    assert open_rgb(path).getpixel((0, 0)) == (200, 40, 90)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "YCbCr", "I;16"])
def test_other_modes_become_rgb(mode, tmp_path):
    suffix = "jpg" if mode in ("CMYK", "YCbCr") else "png"
    Image.new(mode, (8, 6)).save(tmp_path / f"image.{suffix}")
    assert open_rgb(tmp_path / f"image.{suffix}").mode == "RGB"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_truncated_image_is_an_error(suffix, tmp_path):
    path = tmp_path / f"cut.{suffix}"
    photo_like(64, 64).save(path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(PictureError, match=rf"cut\.{suffix}: cannot be read as a picture"):
        open_rgb(path)


def test_missing_and_foreign_files_are_errors(tmp_path):
    with pytest.raises(PictureError, match=r"none\.jpg: no such picture"):
        open_rgb(tmp_path / "none.jpg")
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(PictureError, match=r"text\.jpg: cannot be read"):
        open_rgb(tmp_path / "text.jpg")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PictureError, match=r"empty\.jpg: cannot be read"):
        open_rgb(tmp_path / "empty.jpg")


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (224, 224), (225, 224), (333, 251), (50, 64), (20, 500)])
@pytest.mark.parametrize("side", [224, 168, 31])
def test_square_is_that_of_torchvision(size, side):
    image = photo_like(*size)
    expected = CenterCrop(side)(Resize(side, InterpolationMode.BICUBIC)(image))
    assert np.array_equal(np.asarray(resize_and_crop(image, side)), np.asarray(expected))


def test_decoder_reduces_through_the_bottleneck(tmp_path):
    photo_like(90, 70).save(tmp_path / "a.png")
    plain = PhotographDecoder(tmp_path, ("a.png",), 48)
    reduced = pickle.loads(pickle.dumps(PhotographDecoder(tmp_path, ("a.png",), 48, bottleneck=24)))
    assert plain(0).shape == reduced(0).shape == (48, 48, 3)
    assert plain(0).dtype == np.uint8
    expected = resize_and_crop(resize_and_crop(photo_like(90, 70), 24), 48)
    assert np.array_equal(reduced(0), np.asarray(expected))
    assert not np.array_equal(plain(0), reduced(0))


def test_a_square_is_squeezed():
    square = photo_like(48, 48)
    assert squeezed(square, None) is square
    expected = square.resize((24, 24), Image.Resampling.BICUBIC).resize((48, 48), Image.Resampling.BICUBIC)
    assert np.array_equal(np.asarray(squeezed(square, 24)), np.asarray(expected))
