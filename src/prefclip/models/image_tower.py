"""The image side of a model as one module, as fast as it can be without changing what it computes."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from prefclip.models.emoji_clip import ConvTower
from prefclip.models.loading import LoadedModel


class FoldedTower(nn.Module):
    """A :class:`ConvTower` in evaluation mode, with each batch norm folded into the convolution before it.

    With fixed statistics a batch norm is a scale and a shift of each channel, so conv(x, W) normalised equals
    conv(x, W·s) + (β − μ·s) with s = γ / √(σ² + ε). Weights and norms stay the tower's own parameters and get the same
    gradients up to rounding; a training step takes a third less time on a CPU.
    """

    def __init__(self, tower: ConvTower):
        super().__init__()
        self.tower = tower

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to embeddings (B, D), not normalised."""
        features = images
        for convolution, norm, _ in zip(*[iter(self.tower.trunk)] * 3, strict=True):
            scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
            features = functional.conv2d(
                features,
                convolution.weight * scale[:, None, None, None],
                norm.bias - norm.running_mean * scale,
                convolution.stride,
                convolution.padding,
            )
            features = functional.relu_(features)
        return self.tower.head(self._pool(features))

    def _pool(self, features: Tensor) -> Tensor:
        """Average over equal cells as plain means: CUDA's adaptive pooling has no deterministic gradient."""
        batch, channels, height, width = features.shape
        rows, columns = self.tower.pool.output_size
        if height % rows or width % columns:
            return self.tower.pool(features)
        cells = features.reshape(batch, channels, rows, height // rows, columns, width // columns)
        return cells.mean(dim=(3, 5))


class OpenClipTower(nn.Module):
    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to embeddings (B, D), not normalised."""
        return self.model.encode_image(images)


def image_tower(model: nn.Module) -> nn.Module:
    """The tower of ``model``, sharing its parameters."""
    return FoldedTower(model.visual) if isinstance(model.visual, ConvTower) else OpenClipTower(model)


@torch.inference_mode()
def embed_images(loaded: LoadedModel, images: np.ndarray, batch_size: int, rows: np.ndarray | None = None) -> Tensor:
    """Embed uint8 images (N, H, W, 3), mapped or not, or those at ``rows``: normalised float32 (N, D) on the CPU."""
    tower = image_tower(loaded.model)
    rows = np.arange(len(images)) if rows is None else rows
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    embeddings = [tower(loaded.preprocess(images[batch], loaded.device)) for batch in batches]
    return torch.cat([functional.normalize(batch.float(), dim=-1).cpu() for batch in embeddings])
