"""Photographs as the model sees them: one function opens them, one makes them square.

Pillow is the reference: the sizes, roundings and filters are those of torchvision's Resize and CenterCrop on Pillow
images, which CLIP's own preprocessing uses.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageCms

from prefclip.datasets.pictures import open_picture

Colours = Literal["srgb", "as_stored"]


def open_rgb(path: str | Path, colours: Colours = "srgb") -> Image.Image:
    """Decode an image file to upright RGB.

    EXIF orientation is applied and transparency laid on white. A colour profile other than sRGB is converted to sRGB
    (half of PAINT's photographs are stored as Display P3), unless ``colours`` is ``as_stored``, as the published
    pipelines read them. A profile that cannot be read is left out of account, as image viewers do.

    Raises PictureError naming the file when it is missing, cut short, damaged or no picture.
    """
    picture = open_picture(path)
    profile = picture.info.pop("icc_profile", None)
    if colours == "as_stored" or not profile:
        return picture
    try:
        stored = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, stored, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    converted.info = {}
    return converted


def resize_and_crop(image: Image.Image, size: int) -> Image.Image:
    """Scale the shorter side to ``size`` pixels (bicubic), then cut the central square of that side."""
    width, height = image.size
    if width <= height:
        scaled = (size, int(size * height / width))
    else:
        scaled = (int(size * width / height), size)
    if scaled != image.size:
        image = image.resize(scaled, Image.Resampling.BICUBIC)
    left, top = round((scaled[0] - size) / 2.0), round((scaled[1] - size) / 2.0)
    return image.crop((left, top, left + size, top + size))


@dataclass(frozen=True)
class PhotographDecoder:
    """Decodes the image at a position of ``paths`` to uint8 (size, size, 3); picklable, for several processes.

    Images are first reduced to the side ``bottleneck`` unless it is None, as the released code does (168).
    ``colours`` as in :func:`open_rgb`.
    """

    folder: Path
    paths: tuple[str, ...]
    size: int
    bottleneck: int | None = None
    colours: Colours = "srgb"

    def __call__(self, position: int) -> np.ndarray:
        image = open_rgb(self.folder / self.paths[position], self.colours)
        for side in (self.bottleneck, self.size):
            if side is not None:
                image = resize_and_crop(image, side)
        return np.asarray(image)
