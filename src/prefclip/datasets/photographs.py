"""Photographs as the model sees them: as CLIP's own preprocessing reads them, or as a person does."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageCms

from prefclip.datasets.pictures import open_picture, open_stored
from prefclip.datasets.squares import resize_and_crop

Colours = Literal["srgb", "as_stored"]


def open_rgb(path: str | Path) -> Image.Image:
    """Decode an image file to upright sRGB.

    EXIF orientation is applied and transparency laid on white. A colour profile other than sRGB is converted to sRGB
    (half of PAINT's photographs are stored as Display P3); one that cannot be read is left out of account, as image
    viewers do.

    Raises PictureError naming the file when it is missing, cut short, damaged or no picture.
    """
    picture = open_picture(path)
    profile = picture.info.pop("icc_profile", None)
    if not profile:
        return picture
    try:
        stored = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, stored, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    converted.info = {}
    return converted


@dataclass(frozen=True)
class PhotographDecoder:
    """Decodes the image at a position of ``paths`` to uint8 (size, size, 3); picklable, for several processes.

    Images are first reduced to the side ``bottleneck`` unless it is None, as the released code does (168). Read
    ``as_stored``, they have the pixels of CLIP's own preprocessing (torchvision's Resize, CenterCrop, then RGB), which
    leaves profile, orientation and transparency out of account; ``srgb`` is :func:`open_rgb`.
    """

    folder: Path
    paths: tuple[str, ...]
    size: int
    bottleneck: int | None = None
    colours: Colours = "as_stored"

    def __call__(self, position: int) -> np.ndarray:
        image = (open_rgb if self.colours == "srgb" else open_stored)(self.folder / self.paths[position])
        for side in (self.bottleneck, self.size):
            if side is not None:
                image = resize_and_crop(image, side).convert("RGB")
        return np.asarray(image)
