"""W_t = U Σᵗ Vᵀ: a learned concept turned down, off, around or further up by one real number.

W_tᵀW_t = V Σ²ᵗ Vᵀ, so t = 1 is the trained map, t = 0 has W_0ᵀW_0 = I and is the untouched CLIP, t < 0 turns what was
learned around and t > 1 extrapolates it. Everything here is float64: Σ²ᵗ at t = −4 spans many orders of magnitude.

A singular value near zero has no finite negative power. For t < 0 values below ``floor`` × the largest one are raised
to it; :meth:`ConceptPowers.floored` says how many. For t >= 0 nothing is changed, and both sides meet at t = 0.

A W for each side: U_T Σ_Tᵗ V_Tᵀ and U_I Σ_Iᵗ V_Iᵀ. Their rotations do not cancel, so that t = 0 is then *not* the
untouched CLIP but keeps the relative rotation that was learned; nor is it for a map that reduces the rank.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from prefclip.models.concept_head import ConceptHead, ConceptHeadError


class Decomposition(NamedTuple):
    """Thin SVD of one W (R, D): left (R, R), values (R,) descending, right (D, R), all float64."""

    left: Tensor
    values: Tensor
    right: Tensor

    @classmethod
    def of(cls, weight: Tensor) -> "Decomposition":
        """Decompose W. Raises ConceptHeadError for a map that is zero."""
        left, values, right = torch.linalg.svd(weight.detach().double().cpu(), full_matrices=False)
        if not values[0] > 0:
            raise ConceptHeadError("the concept map is zero and has no powers; train it again with a lower rate.")
        return cls(left, values, right.T)

    def powers(self, t: float, floor: float) -> Tensor:
        """Σᵗ, (R,); for t < 0 values below ``floor`` × the largest are raised to it first."""
        values = self.values.clamp_min(floor * float(self.values[0])) if t < 0 else self.values
        return values.pow(t)


class ConceptPowers:
    """All powers of a trained map."""

    def __init__(self, head: ConceptHead, floor: float = 1e-6):
        """Decompose ``head``. Raises ConceptHeadError for a floor not in (0, 1) or a map that is zero."""
        if not 0 < floor < 1:
            raise ConceptHeadError(f"concept.floor: {floor} must lie between 0 and 1, relative to the largest value.")
        self.floor, self.separate = floor, head.separate
        self.image = Decomposition.of(head.image_map)
        self.text = Decomposition.of(head.text_map) if head.separate else self.image

    def floored(self, t: float) -> int:
        """How many singular values, both sides together if they are separate, are raised to the floor at ``t``."""
        if t >= 0:
            return 0
        sides = (self.image, self.text) if self.separate else (self.image,)
        return sum(int((side.values < self.floor * side.values[0]).sum()) for side in sides)

    def between(self, images: Tensor, texts: Tensor, scale: float) -> "ScaledSimilarity":
        """Prepare logits of normalised images (N, D) and texts (K, D). Raises ConceptHeadError for another width."""
        for name, embeddings, side in (("image", images, self.image), ("text", texts, self.text)):
            if embeddings.shape[-1] != len(side.right):
                raise ConceptHeadError(
                    f"the concept map takes embeddings of width {len(side.right)} but the model's {name} embeddings "
                    f"have width {embeddings.shape[-1]}; use the base model that it was trained on."
                )
        return ScaledSimilarity(
            self,
            images.double().cpu() @ self.image.right,
            texts.double().cpu() @ self.text.right,
            self.image.left.T @ self.text.left if self.separate else None,
            float(scale),
        )


class ScaledSimilarity(NamedTuple):
    """Logits for any t; embeddings are in the bases V, so that one t costs one matrix product.

    powers    the map
    images    Vᵀ I(x), (N, R);  texts  Vᵀ T(y), (K, R)
    turn      U_Iᵀ U_T, (R, R), None where it is the identity
    scale     of the logits
    """

    powers: ConceptPowers
    images: Tensor
    texts: Tensor
    turn: Tensor | None
    scale: float

    def logits(self, t: float) -> Tensor:
        """scale · (W_t T(y))ᵀ(W_t I(x)), (N, K) float64. Raises ConceptHeadError where a power is too large for it."""
        floor = self.powers.floor
        texts = self.texts * self.powers.text.powers(t, floor)
        if self.turn is not None:
            texts = texts @ self.turn.T
        logits = self.scale * (self.images * self.powers.image.powers(t, floor)) @ texts.T
        if not torch.isfinite(logits).all():
            raise ConceptHeadError(
                f"t = {t:g} makes logits that are not finite; take a smaller |t| or raise concept.floor "
                f"(now {floor:g})."
            )
        return logits
