"""Two maps made of a ViT's attention: gradient × attention relevance, and rollout."""

import torch
from torch import Tensor

from prefclip.explain.saliency.attention import recorded_attention, towards_patches
from prefclip.explain.saliency.text_logit import TextLogit, as_leaf, resized


def relevance(logit: TextLogit, images: Tensor, texts: Tensor, start_layer: int = -1) -> Tensor:
    """Gradient × attention relevance of each patch for the text's logit, >= 0: (B, 3, H, W), (B, D) give (B, H, W).

    R ← R + mean_heads((∇A ⊙ A)⁺) R over the blocks from ``start_layer`` on, R = I at first; then the class token's row.
    Chefer, Gur & Wolf 2021 (arXiv:2103.15679), eqs. 5 and 6; their CLIP example starts at the last block, as here.

    Raises SaliencyError for a tower that is no ViT of open_clip.
    """
    with recorded_attention(logit.visual) as attention, torch.enable_grad():
        total = logit(as_leaf(images), texts).sum()
        chosen = attention[start_layer:]
        gradients = torch.autograd.grad(total, chosen)
    tokens = chosen[0].shape[-1]
    found = torch.eye(tokens, device=images.device).expand(len(images), tokens, tokens)
    for probabilities, gradient in zip(chosen, gradients, strict=True):
        weights = (gradient * probabilities.detach()).clamp_min(0).mean(dim=1)
        found = found + weights @ found
    return resized(towards_patches(found, logit.visual), images)


@torch.no_grad()
def rollout(logit: TextLogit, images: Tensor, texts: Tensor) -> Tensor:
    """Attention rollout, >= 0, the same for every text: (B, 3, H, W) give (B, H, W).

    The product over all blocks of (mean_heads(A) + I) / 2, then the class token's row. Abnar & Zuidema 2020
    (arXiv:2005.00928). Raises SaliencyError for a tower that is no ViT of open_clip.
    """
    with recorded_attention(logit.visual) as attention:
        logit(images, texts)
    identity = torch.eye(attention[0].shape[-1], device=images.device)
    found = identity.expand(len(images), *identity.shape)
    for probabilities in attention:
        found = (probabilities.mean(dim=1) + identity) / 2 @ found
    return resized(towards_patches(found, logit.visual), images)
