"""Where theory says that a gender map is neutral: two directions, one of texts and one of images, and how W stretches.

With a shared W the similarity is T'M I, M = W'W positive definite. Let d be the direction of texts (man − woman) and g
that of images, both of length 1, at the angle θ. What a caption says of an image's gender grows with d'M_t g, M_t the
power t of the map. Training stretches u = d + g by s_u and w = d − g by s_w, so that

    d'M_t g ∝ s_u^t cos²(θ/2) − s_w^t sin²(θ/2),   which changes sign at   t* = ln tan²(θ/2) / ln(s_u / s_w).

Factual pairs stretch u and shrink w: t* < 0. Reversed ones do the opposite: t* > 0.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from prefclip.models.concept_powers import ConceptPowers


class GenderDirections(NamedTuple):
    """What decides the predicted neutral t of a map.

    cos_text_image        cos θ between the direction of texts and that of images, −1 … 1
    cos_between_concepts  mean cosine between the text directions of two concepts, −1 … 1: 1 where all are equal
    stretch_common        s_u, > 0: what W'W multiplies d + g by, at t = 1
    stretch_opposed       s_w, > 0: the same of d − g
    predicted_t           t*; NaN where W stretches both alike
    """

    cos_text_image: float
    cos_between_concepts: float
    stretch_common: float
    stretch_opposed: float
    predicted_t: float


def gender_directions(
    men: Tensor, women: Tensor, images: Tensor, is_man: Tensor, powers: ConceptPowers
) -> GenderDirections | None:
    """From captions "man <concept>" and "woman <concept>", (C, D) each, and images (N, D), all normalised.

    None for separate maps and maps of reduced rank, which the theory is not about.
    """
    right = powers.image.right
    if powers.separate or right.shape[0] != right.shape[1]:
        return None
    of_concepts = torch.nn.functional.normalize((men - women).double().cpu(), dim=1)
    cosines = of_concepts @ of_concepts.T
    count = len(of_concepts)
    between = float((cosines.sum() - count) / (count * (count - 1))) if count > 1 else 1.0
    text = _unit((men - women).double().cpu().mean(dim=0))
    seen = images.double().cpu()
    image = _unit(seen[is_man].mean(dim=0) - seen[~is_man].mean(dim=0))
    cosine = float(text @ image)
    ways = (_unit(text + image), _unit(text - image))
    stretched = [float(((way @ right) ** 2 * powers.image.values**2).sum()) for way in ways]
    tangent = (1 - cosine) / (1 + cosine)  # tan²(θ/2)
    ratio = math.log(stretched[0] / stretched[1])
    predicted = math.log(tangent) / ratio if abs(ratio) > 1e-9 and tangent > 0 else math.nan
    return GenderDirections(cosine, between, *stretched, predicted)


def _unit(way: Tensor) -> Tensor:
    return way / torch.linalg.vector_norm(way)
