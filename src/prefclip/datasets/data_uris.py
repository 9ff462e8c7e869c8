"""Pictures inside a page or a JSON file, as data URIs."""

import base64
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SMALL_SIDE = 96  # pixels up to which pictures stay lossless
JPEG_QUALITY = 82


def data_uri(content: bytes, kind: str) -> str:
    """Bytes as a data URI of a media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def file_uri(path: str | Path) -> str:
    """A PNG file as a data URI."""
    return data_uri(Path(path).read_bytes(), "image/png")


def picture_uri(pixels: NDArray[np.uint8], side: int | None = None) -> str:
    """Pixels (H, W, 3) as a data URI: PNG while small, JPEG above; reduced to ``side`` pixels where they are larger."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if side is not None and max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    small = max(image.size) <= SMALL_SIDE
    kind, options = ("png", {"optimize": True}) if small else ("jpeg", {"quality": JPEG_QUALITY})
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return data_uri(buffer.getvalue(), f"image/{kind}")


def picture_size(path: str | Path) -> tuple[int, int]:
    """Width and height of an image file, so that a page keeps its place."""
    with Image.open(path) as image:
        return image.size
