"""The tower that is trained computes what the model computes, faster."""

import numpy as np
import pytest
import torch
from tiny_training import tiny_model
from torch.nn import functional

from prefclip.config import ModelConfig
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.models.image_tower import FoldedTower, embed_images, image_tower
from prefclip.models.loading import load_model


@pytest.mark.parametrize("pooled", [(1, 2), (2, 2), (3, 2)])
def test_folding_changes_neither_values_nor_gradients(pooled):
    model = tiny_model(pooled=pooled).double()
    images = torch.randn(5, 3, 32, 32, dtype=torch.float64)
    results = []
    for tower in (model.visual, FoldedTower(model.visual)):
        model.zero_grad()
        output = tower(images)
        output.square().sum().backward()
        gradients = [parameter.grad.clone() for parameter in model.visual.parameters()]
        results.append((output.detach(), gradients))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-12)
    for plain, folded in zip(results[0][1], results[1][1], strict=True):
        assert torch.allclose(plain, folded, atol=1e-10)


def test_statistics_stay(tmp_path):
    model = tiny_model()
    before = {name: buffer.clone() for name, buffer in model.visual.named_buffers()}
    image_tower(model)(torch.randn(4, 3, 32, 32)).sum().backward()
    assert all(torch.equal(buffer, before[name]) for name, buffer in model.visual.named_buffers())


@pytest.mark.parametrize("name", ["emoji-clip", "tiny-vit"])
def test_embed_images(name, tiny_vit, tmp_path):
    save_emoji_clip(tmp_path / "base.safetensors", tiny_model())
    weights = str(tmp_path / "base.safetensors") if name == "emoji-clip" else "random"
    loaded = load_model(ModelConfig(name=name, weights=weights, image_size=32))
    images = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)
    embedded = embed_images(loaded, images, batch_size=3)
    with torch.no_grad():
        expected = functional.normalize(loaded.model.encode_image(loaded.preprocess(images)), dim=-1)
    assert embedded.shape == (7, 16) and embedded.dtype == torch.float32
    assert torch.allclose(embedded, expected, atol=1e-5)
    rows = np.array([6, 0, 0])
    assert torch.allclose(embed_images(loaded, images, 2, rows), embedded[rows], atol=1e-6)
    # Embedding happens without gradients, and leaves weights that can still have some.
    image_tower(loaded.model)(loaded.preprocess(images)).sum().backward()
    gradients = [weight.grad for weight in loaded.model.visual.parameters()]
    assert all(gradient is not None and torch.isfinite(gradient).all() for gradient in gradients)
