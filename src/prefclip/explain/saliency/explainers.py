"""Every explainer by name, and one function that explains many image–text pairs in batches."""

import inspect
from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from prefclip.explain.saliency import SaliencyError
from prefclip.explain.saliency.attention_maps import relevance, rollout
from prefclip.explain.saliency.input_maps import grad_cam, hires_cam, integrated_gradients, occlusion
from prefclip.explain.saliency.text_logit import TextLogit

EXPLAINERS: MappingProxyType[str, Callable[..., Tensor]] = MappingProxyType(
    {
        "occlusion": occlusion,
        "integrated_gradients": integrated_gradients,
        "grad_cam": grad_cam,
        "hires_cam": hires_cam,
        "relevance": relevance,
        "rollout": rollout,
    }
)


def explain(
    name: str, logit: TextLogit, images: NDArray[np.uint8], texts: Tensor, batch_size: int, **options: object
) -> NDArray[np.float32]:
    """Maps (N, H, W) of N pairs: uint8 images (N, H, W, 3) and normalised text embeddings (N, D).

    ``options`` that the explainer does not have are left out. Raises SaliencyError as the explainers do.
    """
    if name not in EXPLAINERS:
        raise SaliencyError(f"unknown explainer {name!r}; allowed: {', '.join(EXPLAINERS)}.")
    explainer = EXPLAINERS[name]
    known = inspect.signature(explainer).parameters
    options = {key: value for key, value in options.items() if key in known}
    device = logit.loaded.device
    parts = []
    for start in range(0, len(images), batch_size):
        chosen = slice(start, start + batch_size)
        pixels = logit.loaded.preprocess(np.ascontiguousarray(images[chosen]), device)
        maps = explainer(logit, pixels, texts[chosen].to(device), **options)
        parts.append(maps.cpu().numpy())
    found = np.concatenate(parts).astype(np.float32)
    if not np.isfinite(found).all():
        raise SaliencyError(f"{name}: a map is not finite; the model's weights are damaged, train it again.")
    return found
