"""Maps that fit any image tower: integrated gradients and occlusion through captum, CAMs through grad-cam."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from prefclip.explain.saliency import SaliencyError
from prefclip.explain.saliency.attention import patch_grid
from prefclip.explain.saliency.text_logit import TextLogit, as_leaf, mean_colour
from prefclip.models.emoji_clip import ConvTower

PERTURBED_AT_ONCE = 7


def integrated_gradients(logit: TextLogit, images: Tensor, texts: Tensor, steps: int = 8) -> Tensor:
    """Integrated gradients from the image's mean colour, summed over channels: signed, (B, H, W), in the logit's unit.

    With many steps a map sums to logit(image) − logit(mean colour); 8 Gauss–Legendre points come close to it.
    Sundararajan, Taly & Yan 2017 (arXiv:1703.01365).
    """
    from captum.attr import IntegratedGradients

    with torch.enable_grad():
        found = IntegratedGradients(logit).attribute(
            as_leaf(images), mean_colour(images), additional_forward_args=texts, n_steps=steps
        )
    return found.detach().sum(dim=1).float()


@torch.no_grad()
def occlusion(logit: TextLogit, images: Tensor, texts: Tensor, window: int | None = None) -> Tensor:
    """How much the logit falls when a square is painted in the image's mean colour: signed, (B, H, W), in its unit.

    A pixel has the mean over the squares that hold it. ``window``: their side in pixels, a quarter of the image unless
    given; they move by half of it. The one map that is measured by changing the image, and so the yardstick of the
    others. Zeiler & Fergus 2014 (arXiv:1311.2901).
    """
    from captum.attr import Occlusion

    window = max(1, images.shape[-1] // 4) if window is None else window
    found = Occlusion(logit).attribute(
        images.clone(),
        sliding_window_shapes=(images.shape[1], window, window),
        strides=(images.shape[1], max(1, window // 2), max(1, window // 2)),
        baselines=mean_colour(images),
        additional_forward_args=texts,
        perturbations_per_eval=PERTURBED_AT_ONCE,
    )
    return found.mean(dim=1).float()


def grad_cam(logit: TextLogit, images: Tensor, texts: Tensor) -> Tensor:
    """Grad-CAM for the text's logit: (B, H, W) in 0–1. Selvaraju et al. 2017 (arXiv:1610.02391).

    The library cuts negative values off and scales every map to 0–1 by itself. Gradients are averaged over the image,
    as suits towers that pool everywhere alike; emoji-clip's head treats places differently, which :func:`hires_cam`
    respects. Raises SaliencyError for a tower whose spatial layer is not known.
    """
    from pytorch_grad_cam import GradCAM

    return _activation_map(GradCAM, logit, images, texts)


def hires_cam(logit: TextLogit, images: Tensor, texts: Tensor) -> Tensor:
    """HiResCAM, gradient × activation place by place, for the text's logit: (B, H, W) in 0–1, as :func:`grad_cam`.

    Draelos & Carin 2020 (arXiv:2011.08891).
    """
    from pytorch_grad_cam import HiResCAM

    return _activation_map(HiResCAM, logit, images, texts)


def _activation_map(kind: type, logit: TextLogit, images: Tensor, texts: Tensor) -> Tensor:
    layer, reshape = spatial_layer(logit.visual)
    # Hooks see the layers of the original tower only; the fast one folds its batch norms.
    with torch.enable_grad(), kind(logit.visual, [layer], reshape) as explainer:
        targets = [lambda features, text=text: logit.logits_of(features[None], text[None])[0] for text in texts]
        maps = explainer(as_leaf(images), targets)
    return torch.from_numpy(np.ascontiguousarray(maps)).float()


def spatial_layer(visual: nn.Module) -> tuple[nn.Module, Callable[[Tensor], Tensor] | None]:
    """The layer that activation maps are made of, and how its output becomes (B, channels, rows, columns).

    Usually the last one. Of emoji-clip it is the last but one, with 8×8 cells, since the 4×4 cells of the last are
    higher than a word. Raises SaliencyError for an unknown kind of tower.
    """
    if isinstance(visual, ConvTower):
        return visual.trunk[-4], None
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
    if blocks is not None:
        rows, columns = patch_grid(visual)

        def to_grid(tokens: Tensor) -> Tensor:
            patches = tokens[:, -rows * columns :].transpose(1, 2)
            return patches.reshape(len(tokens), -1, rows, columns)

        return blocks[-1].ln_1, to_grid
    if hasattr(visual, "layer4"):
        return visual.layer4[-1], None
    raise SaliencyError(
        f"saliency.explainers: grad_cam and hires_cam know no spatial layer of {type(visual).__name__}; use "
        "integrated_gradients or occlusion."
    )
