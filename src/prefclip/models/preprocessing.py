"""From stored pixels to what an image tower expects."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prefclip.errors import PrefclipError


class ImageShapeError(PrefclipError):
    """Images of another kind or size than the model's."""


@dataclass(frozen=True)
class Preprocess:
    """Scale pixels to [0, 1] and normalise each channel: what open_clip's transforms do after their resize.

    Images are stored at the model's size already, so nothing is resized here, and the result is deterministic.
    """

    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def key(self) -> str:
        """Names these settings; cached embeddings are valid for one key only."""
        return f"rgb {self.image_size} mean {self.mean} std {self.std}"

    def __call__(self, images: np.ndarray | Tensor, device: torch.device | str = "cpu") -> Tensor:
        """Map uint8 (B, H, W, 3) to float32 (B, 3, H, W), channels last. Raises ImageShapeError for other images."""
        if not isinstance(images, Tensor):
            images = torch.from_numpy(np.array(images) if isinstance(images, np.memmap) else images)
        expected = (self.image_size, self.image_size, 3)
        if images.dtype != torch.uint8 or images.ndim != 4 or tuple(images.shape[1:]) != expected:
            kind = str(images.dtype).removeprefix("torch.")
            raise ImageShapeError(
                f"images must be uint8 (B, {self.image_size}, {self.image_size}, 3) for this model, got {kind} "
                f"{tuple(images.shape)}; make the images at model.image_size."
            )
        pixels = images.to(device).permute(0, 3, 1, 2).float().div_(255)
        if len(set(self.mean)) == len(set(self.std)) == 1:
            return pixels.sub_(self.mean[0]).div_(self.std[0])
        mean, std = (pixels.new_tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return pixels.sub_(mean).div_(std)
