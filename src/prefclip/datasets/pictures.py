"""A picture file of any kind as upright RGB pixels, or as it is stored."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from prefclip.errors import PrefclipError

BACKGROUND = (255, 255, 255)

# What Pillow raises for files that are cut short, damaged, too large, or no pictures.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    IndexError,
    struct.error,
    Image.DecompressionBombError,
)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureError(PrefclipError):
    """A picture file is missing or cannot be decoded."""


def open_picture(path: str | Path) -> Image.Image:
    """Decode a picture (the first frame of an animation) to RGB.

    EXIF orientation is applied, transparency laid on white, 16-bit grey scaled to 8 bits. A colour profile stays in
    ``info["icc_profile"]`` where it still describes the pixels.

    Raises PictureError naming the file when it is missing, cut short, damaged or of unknown format.
    """
    with _naming(path), Image.open(path) as stored:
        stored.load()
        upright = _upright(stored)
        picture = _flattened(upright)
    profile = upright.info.get("icc_profile")
    picture.info = {"icc_profile": profile} if profile and upright.mode in ("RGB", "RGBA", "P") else {}
    return picture


def open_stored(path: str | Path) -> Image.Image:
    """Decode a picture (the first frame of an animation) in its own mode: not turned, no transparency laid on anything.

    Only what has more than 8 bits becomes RGB. Raises PictureError as :func:`open_picture`.
    """
    with _naming(path), Image.open(path) as stored:
        stored.load()
        return _flattened(stored) if stored.mode[0] in "IF" else stored


@contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    """Say which file it is that cannot be decoded."""
    try:
        yield
    except FileNotFoundError as error:
        raise PictureError(f"{path}: no such picture.") from error
    except _DAMAGE as error:
        raise PictureError(f"{path}: cannot be read as a picture ({error}); it may be damaged or cut short.") from error


def _upright(image: Image.Image) -> Image.Image:
    """Turn the pixels as EXIF says; ImageOps.exif_transpose also rewrites the other tags and fails where one is odd."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except (*_DAMAGE, KeyError, OverflowError):
        return image  # Damaged EXIF data say nothing about the pixels.
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _flattened(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    pixels = image.convert("RGBA")
    flat = Image.new("RGBA", pixels.size, (*BACKGROUND, 255))
    return Image.alpha_composite(flat, pixels).convert("RGB")
