"""A picture file of any kind as upright RGB pixels."""

import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

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


class PictureError(PrefclipError):
    """A picture file is missing or cannot be decoded."""


def open_picture(path: str | Path) -> Image.Image:
    """Decode a picture (the first frame of an animation) to RGB.

    EXIF orientation is applied, transparency laid on white, 16-bit grey scaled to 8 bits. A colour profile stays in
    ``info["icc_profile"]`` where it still describes the pixels.

    Raises PictureError naming the file when it is missing, cut short, damaged or of unknown format.
    """
    try:
        with Image.open(path) as stored:
            stored.load()
            upright = ImageOps.exif_transpose(stored)
            picture = _flattened(upright)
    except FileNotFoundError as error:
        raise PictureError(f"{path}: no such picture.") from error
    except _DAMAGE as error:
        raise PictureError(f"{path}: cannot be read as a picture ({error}); it may be damaged or cut short.") from error
    profile = upright.info.get("icc_profile")
    picture.info = {"icc_profile": profile} if profile and upright.mode in ("RGB", "RGBA", "P") else {}
    return picture


def _flattened(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    pixels = image.convert("RGBA")
    flat = Image.new("RGBA", pixels.size, (*BACKGROUND, 255))
    return Image.alpha_composite(flat, pixels).convert("RGB")
