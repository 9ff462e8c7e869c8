"""Attention probabilities of open_clip's ViTs, which compute them inside a fused kernel that shows none.

While :func:`recorded_attention` is open, every block of the image tower computes its attention step by step from
``in_proj`` and keeps the probabilities. The output is the same up to rounding; afterwards the tower is as before.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType

import torch
from torch import Tensor, nn
from torch.nn import functional

from prefclip.explain.saliency import SaliencyError


@contextmanager
def recorded_attention(visual: nn.Module) -> Iterator[list[Tensor]]:
    """Yield a list that every forward pass fills: one (B, heads, tokens, tokens) for each block, first block first.

    Rows sum to 1. Raises SaliencyError for a tower that is no ViT of open_clip.
    """
    modules = attention_modules(visual)
    recorded: list[Tensor] = []
    try:
        for module in modules:
            module.forward = MethodType(_stepwise(recorded), module)
        yield recorded
    finally:
        for module in modules:
            module.__dict__.pop("forward", None)


def attention_modules(visual: nn.Module) -> list[nn.MultiheadAttention]:
    """The attention of each block. Raises SaliencyError where there is none, or no ``nn.MultiheadAttention``."""
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
    modules = [getattr(block, "attn", None) for block in blocks] if blocks is not None else []
    fitting = [module for module in modules if isinstance(module, nn.MultiheadAttention) and module._qkv_same_embed_dim]
    if not modules or len(fitting) < len(modules):
        raise SaliencyError(
            f"saliency.explainers: the image tower {type(visual).__name__} has no attention that can be read; use "
            "occlusion, integrated_gradients, hires_cam or grad_cam."
        )
    return fitting


def patch_grid(visual: nn.Module) -> tuple[int, int]:
    """Rows and columns of the patches. Raises SaliencyError for a tower that pools by attention."""
    if getattr(visual, "attn_pool", None) is not None or not hasattr(visual, "grid_size"):
        raise SaliencyError(
            f"saliency.explainers: the image tower {type(visual).__name__} pools by attention, so that no token stands "
            "for the image; use occlusion or integrated_gradients."
        )
    rows, columns = visual.grid_size
    return int(rows), int(columns)


def towards_patches(relevance: Tensor, visual: nn.Module) -> Tensor:
    """What the pooled output takes from each patch: relevance (B, tokens, tokens) gives (B, rows, columns).

    The row of the class token, or the mean over patch rows where the tower averages its patches.
    """
    rows, columns = patch_grid(visual)
    patches = relevance[:, :, -rows * columns :]
    pooled = patches[:, 0] if getattr(visual, "pool_type", "tok") == "tok" else patches[:, 1:].mean(dim=1)
    return pooled.reshape(-1, rows, columns)


def _stepwise(recorded: list[Tensor]):
    def forward(
        self: nn.MultiheadAttention,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        **_: object,
    ) -> tuple[Tensor, None]:
        tokens = query if self.batch_first else query.transpose(0, 1)
        batch, length, width = tokens.shape
        parts = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        queries, keys, values = (part.reshape(batch, length, self.num_heads, -1).transpose(1, 2) for part in parts)
        scores = queries @ keys.transpose(-1, -2) / math.sqrt(width // self.num_heads)
        probabilities = torch.softmax(scores if attn_mask is None else scores + attn_mask, dim=-1)
        recorded.append(probabilities)
        mixed = (probabilities @ values).transpose(1, 2).reshape(batch, length, width)
        mixed = self.out_proj(mixed)
        return (mixed if self.batch_first else mixed.transpose(0, 1)), None

    return forward
