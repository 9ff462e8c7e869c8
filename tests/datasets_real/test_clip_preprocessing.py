"""Pictures read as stored have the pixels of CLIP's own preprocessing, here that of torchvision and open_clip."""

from pathlib import Path

import numpy as np
import open_clip
import pytest
from PIL import Image
from test_photographs import display_p3_profile
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from prefclip.config import check_config
from prefclip.datasets.photographs import PhotographDecoder

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"
needs_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"{PHOTOS} (real photographs) is not there")
NOISE = np.random.default_rng(5)


def clip_preprocessing(path: Path, side: int = 224) -> np.ndarray:
    """What openai/CLIP does before it makes a tensor: Resize, CenterCrop, then RGB."""
    resized = Compose([Resize(side, InterpolationMode.BICUBIC), CenterCrop(side)])
    return np.asarray(resized(Image.open(path)).convert("RGB"))


def decoded(path: Path, **options: object) -> np.ndarray:
    return PhotographDecoder(path.parent, (path.name,), 224, **options)(0)


def picture(mode: str = "RGB", size: tuple[int, int] = (331, 257)) -> Image.Image:
    """Smooth noise of a mode, half transparent where that is possible."""
    width, height = size
    small = Image.fromarray(NOISE.integers(0, 256, (height // 8, width // 8, 4), np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC).convert("RGB" if mode == "P" else mode).convert(mode)


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize(
    ("name", "mode", "saved"),
    [
        ("plain.png", "RGB", {}),
        ("plain.jpg", "RGB", {"quality": 90}),
        ("transparent.png", "RGBA", {}),
        ("transparent_grey.png", "LA", {}),
        ("palette.png", "P", {}),
        ("palette.gif", "P", {}),
        ("see_through.png", "P", {"transparency": 3}),
        ("grey.jpg", "L", {}),
        ("ink.png", "1", {}),
        ("print.jpg", "CMYK", {}),
        ("camera.jpg", "RGB", {"exif": turned(6)}),
        ("mirror.png", "RGB", {"exif": turned(2)}),
        ("phone.png", "RGB", {"icc_profile": display_p3_profile()}),
    ],
)
@pytest.mark.parametrize("size", [(331, 257), (224, 224), (150, 190)])
def test_made_pictures(name, mode, saved, size, tmp_path):
    picture(mode, size).save(tmp_path / name, **saved)
    found = decoded(tmp_path / name)
    assert found.dtype == np.uint8 and np.array_equal(found, clip_preprocessing(tmp_path / name))


def test_open_clip_has_the_same_order(tmp_path):
    picture("P").save(tmp_path / "a.png")
    resize, crop, to_rgb, *_ = open_clip.image_transform(224, is_train=False).transforms
    expected = np.asarray(to_rgb(crop(resize(Image.open(tmp_path / "a.png")))))
    assert np.array_equal(decoded(tmp_path / "a.png"), expected)


@pytest.mark.parametrize("protocol", ["paper", "released_code"])
def test_both_protocols_read_so(protocol):
    assert check_config({"protocol": protocol, "methods": {}}, "test").reading.colours == "as_stored"


@pytest.mark.parametrize("saved", [{"exif": turned(6)}, {"icc_profile": display_p3_profile()}], ids=["turned", "p3"])
def test_srgb_reads_what_a_person_sees(saved, tmp_path):
    picture().save(tmp_path / "a.png", **saved)
    assert not np.array_equal(decoded(tmp_path / "a.png", colours="srgb"), clip_preprocessing(tmp_path / "a.png"))


def test_more_than_eight_bits_keep_their_range(tmp_path):
    """Pillow's own conversion would make them white."""
    Image.fromarray(np.full((224, 224), 257 * 90, np.uint16)).save(tmp_path / "deep.png")
    assert (decoded(tmp_path / "deep.png") == 90).all()


@needs_photos
@pytest.mark.parametrize("folder", ["grocery", "paint", "rta100"])
def test_photographs(folder):
    paths = sorted(path for path in (PHOTOS / folder).rglob("*") if path.suffix in (".jpg", ".png"))
    assert len(paths) > 100
    for path in paths[:: len(paths) // 50]:
        assert np.array_equal(decoded(path), clip_preprocessing(path)), path.name
