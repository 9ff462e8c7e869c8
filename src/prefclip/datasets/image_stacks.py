"""Decoded images of one data set in one memory-mapped file: uint8 (N, H, W, 3) in NumPy's own format."""

import hashlib
from pathlib import Path

import numpy as np

from prefclip.errors import PrefclipError


class ImageStackError(PrefclipError):
    """A stack of images is missing, damaged or of another kind, or cannot be drawn."""


def open_images(path: str | Path) -> np.memmap:
    """Map a stack read-only. Raises ImageStackError where it is missing, cut short, or not uint8 (N, H, W, 3)."""
    remedy = "make the images again"
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise ImageStackError(f"{path}: no such file; {remedy}.") from error
    except (OSError, ValueError, EOFError) as error:
        raise ImageStackError(f"{path}: not a readable stack of images, or cut short ({error}); {remedy}.") from error
    if not isinstance(images, np.memmap):
        raise ImageStackError(f"{path}: expected one array in .npy format; {remedy}.")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3 or not images.flags.c_contiguous:
        raise ImageStackError(
            f"{path}: expected uint8 images of shape (N, H, W, 3), got {images.dtype} {images.shape}; {remedy}."
        )
    if Path(path).stat().st_size != images.offset + images.nbytes:
        raise ImageStackError(f"{path}: longer than its header says; {remedy}.")
    return images


def sha256_of_image(pixels: np.ndarray) -> str:
    """Return the hexadecimal sha256 of an image's pixel bytes in C order."""
    return hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()
