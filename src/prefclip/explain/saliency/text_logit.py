"""The one number that a saliency map explains: the logit of an image and a text."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from prefclip.models.image_tower import image_tower
from prefclip.models.loading import LoadedModel


class TextLogit(nn.Module):
    """scale · I(x)·T(y) of image–text pairs.

    All weights are frozen, since only gradients with respect to images and activations are wanted. What it returns for
    one pair does not depend on the others of a batch, so the gradient of a batch's sum holds every pair's own.
    """

    def __init__(self, loaded: LoadedModel):
        super().__init__()
        self.loaded = loaded
        self.tower = image_tower(loaded.model)
        self.scale = float(loaded.model.logit_scale.detach().exp())
        for parameter in loaded.model.parameters():
            parameter.requires_grad_(False)

    @property
    def visual(self) -> nn.Module:
        """The image tower as open_clip or emoji-clip define it, with the modules that explainers hook."""
        return self.loaded.model.visual

    def forward(self, images: Tensor, texts: Tensor) -> Tensor:
        """Logits (B,) of normalised images (B, 3, H, W) and as many normalised text embeddings (B, D)."""
        return self.logits_of(self.tower(images), texts)

    def logits_of(self, features: Tensor, texts: Tensor) -> Tensor:
        """Logits (B,) of image features (B, D), not normalised."""
        return self.scale * (functional.normalize(features.float(), dim=-1) * texts).sum(dim=-1)


def mean_colour(images: Tensor) -> Tensor:
    """Each image replaced by its own mean colour, (B, 3, 1, 1) spread over (B, 3, H, W).

    The baseline of integrated gradients and occlusion: unlike black it makes no colour count as absent.
    """
    return images.mean(dim=(2, 3), keepdim=True).expand_as(images)


def resized(maps: Tensor, images: Tensor) -> Tensor:
    """Coarse maps (B, h, w) as large as the images, (B, H, W), bilinear."""
    return functional.interpolate(maps[:, None], size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]


def as_leaf(images: Tensor) -> Tensor:
    """A copy that gradients can be taken with respect to, whatever mode the caller runs in."""
    with torch.inference_mode(False):
        return images.clone().detach().requires_grad_(True)
