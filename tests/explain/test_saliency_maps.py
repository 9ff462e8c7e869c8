"""Saliency maps of a small ViT and of a random emoji-clip: exact where theory says so, and leaving no trace."""

import json

import numpy as np
import open_clip
import pytest
import torch

from prefclip.config import ModelConfig
from prefclip.explain.saliency import SaliencyError
from prefclip.explain.saliency.attention import attention_modules, recorded_attention
from prefclip.explain.saliency.attention_maps import relevance, rollout
from prefclip.explain.saliency.explainers import EXPLAINERS, explain
from prefclip.explain.saliency.input_maps import integrated_gradients, occlusion
from prefclip.explain.saliency.score_table import TITLES
from prefclip.explain.saliency.text_logit import TextLogit, mean_colour
from prefclip.models.loading import load_model

THREE_BLOCKS = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 3, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
ATTENTION_ONLY = {"relevance", "rollout"}


@pytest.fixture(scope="module")
def logits(tmp_path_factory):
    """The logits of a ViT of 4×4 patches and of emoji-clip, both with random weights."""
    file = tmp_path_factory.mktemp("architectures") / "saliency-vit.json"
    file.write_text(json.dumps(THREE_BLOCKS))
    open_clip.add_model_config(file)
    found = {}
    for key, settings in (
        ("vit", ModelConfig(name="saliency-vit", weights="random", image_size=32)),
        ("conv", ModelConfig(name="emoji-clip", weights="random", image_size=64)),
    ):
        found[key] = TextLogit(load_model(settings))
    return found


def pictures(logit, count=4, seed=0):
    size = logit.loaded.image_size
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    width = logit.tower(logit.loaded.preprocess(images[:1])).shape[1]
    texts = torch.from_numpy(generator.normal(size=(count, width)).astype(np.float32))
    return images, torch.nn.functional.normalize(texts, dim=-1)


def prepared(logit, count=4):
    images, texts = pictures(logit, count)
    return logit.loaded.preprocess(images), texts


@pytest.mark.parametrize("name", list(EXPLAINERS))
@pytest.mark.parametrize("kind", ["vit", "conv"])
def test_every_explainer_gives_one_finite_map_per_pair_whatever_the_batch(logits, kind, name):
    logit = logits[kind]
    images, texts = pictures(logit, 5)
    if kind == "conv" and name in ATTENTION_ONLY:
        with pytest.raises(SaliencyError, match=r"ConvTower has no attention .* use occlusion"):
            explain(name, logit, images, texts, 2)
        return
    maps = explain(name, logit, images, texts, 2, steps=4)
    assert maps.shape == images.shape[:3] and maps.dtype == np.float32
    assert np.isfinite(maps).all() and maps.std() > 0
    at_once = explain(name, logit, images, texts, 5, steps=4)
    np.testing.assert_allclose(maps, at_once, rtol=1e-3, atol=1e-4 * np.abs(maps).max())


@pytest.mark.parametrize("name", [name for name in EXPLAINERS if name != "rollout"])
def test_maps_depend_on_the_text(logits, name):
    images, texts = pictures(logits["vit"])
    first, second = (explain(name, logits["vit"], images, chosen, 4) for chosen in (texts, texts.flip(0)))
    assert np.abs(first - second).max() > 1e-6


def test_recorded_attention_changes_no_output_and_leaves_no_trace(logits):
    logit = logits["vit"]
    pixels, texts = prepared(logit)
    before = logit(pixels, texts)
    with recorded_attention(logit.visual) as attention:
        torch.testing.assert_close(logit(pixels, texts), before, rtol=1e-4, atol=1e-5)
    assert len(attention) == len(logit.visual.transformer.resblocks)
    for probabilities in attention:
        batch, heads, tokens, others = probabilities.shape
        rows, columns = logit.visual.grid_size
        assert batch == len(pixels) and tokens == others == rows * columns + 1
        torch.testing.assert_close(probabilities.sum(dim=-1), torch.ones(batch, heads, tokens))
    assert all("forward" not in module.__dict__ for module in attention_modules(logit.visual))
    assert torch.equal(logit(pixels, texts), before)


def test_recorded_attention_is_undone_after_an_error(logits):
    with pytest.raises(RuntimeError, match="boom"), recorded_attention(logits["vit"].visual):
        raise RuntimeError("boom")
    assert all("forward" not in module.__dict__ for module in attention_modules(logits["vit"].visual))


def test_recorded_attention_is_that_of_torch(logits):
    logit = logits["vit"]
    pixels, texts = prepared(logit)
    block = logit.visual.transformer.resblocks[0]
    seen = []
    handle = block.ln_1.register_forward_hook(lambda module, inputs, output: seen.append(output))
    with recorded_attention(logit.visual) as attention:
        logit(pixels, texts)
    handle.remove()
    tokens = seen[0] if block.attn.batch_first else seen[0].transpose(0, 1)
    plain = tokens if block.attn.batch_first else seen[0]
    expected = block.attn(plain, plain, plain, need_weights=True, average_attn_weights=False)[1]
    torch.testing.assert_close(attention[0], expected, rtol=1e-4, atol=1e-6)


def test_relevance_is_its_formula(logits):
    """With the last block alone it is the class token's row of mean_heads((∇A ⊙ A)⁺)."""
    logit = logits["vit"]
    pixels, texts = prepared(logit, 1)
    rows, columns = logit.visual.grid_size
    found = relevance(logit, pixels, texts)
    with recorded_attention(logit.visual) as attention, torch.enable_grad():
        leaf = pixels.clone().requires_grad_(True)
        gradient = torch.autograd.grad(logit(leaf, texts).sum(), attention[-1])[0]
    weights = (gradient * attention[-1]).clamp_min(0).mean(dim=1)[:, 0, 1:].reshape(1, 1, rows, columns)
    expected = torch.nn.functional.interpolate(weights, size=pixels.shape[2:], mode="bilinear")[:, 0].detach()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)
    assert (relevance(logit, pixels, texts, start_layer=0) - found).abs().max() > 0


def test_rollout_rows_are_a_distribution_over_tokens(logits):
    logit = logits["vit"]
    pixels, texts = prepared(logit)
    maps = rollout(logit, pixels, texts)
    assert (maps >= 0).all()
    torch.testing.assert_close(maps, rollout(logit, pixels, texts.flip(0)))


def test_integrated_gradients_add_up_to_the_difference_from_the_mean_colour(logits):
    for logit in logits.values():
        pixels, texts = prepared(logit)
        with torch.no_grad():
            difference = logit(pixels, texts) - logit(mean_colour(pixels).contiguous(), texts)
        many = integrated_gradients(logit, pixels, texts, steps=200).sum(dim=(1, 2))
        torch.testing.assert_close(many, difference, rtol=0.05, atol=0.02 * float(difference.abs().max()))


def test_occlusion_of_a_logit_that_reads_one_place(logits):
    """A logit that adds up a square of pixels is changed by windows that touch it, and by no others."""
    logit = logits["conv"]

    class Corner(torch.nn.Module):
        def forward(self, images, texts):
            return images[:, :, :8, :8].sum(dim=(1, 2, 3)) + 0 * texts.sum(dim=-1)

    corner = Corner()
    pixels, texts = prepared(logit)
    pixels = pixels - 1
    pixels[:, :, :8, :8] += 2
    maps = occlusion(corner, pixels, texts, window=8)
    assert (maps[:, :8, :8] > 0).all()
    assert (maps[:, 16:, :].abs() < 1e-6).all() and (maps[:, :, 16:].abs() < 1e-6).all()


def test_explaining_trains_nothing(logits):
    for logit in logits.values():
        before = {name: value.clone() for name, value in logit.loaded.model.state_dict().items()}
        images, texts = pictures(logit)
        for name in EXPLAINERS:
            if logit is logits["vit"] or name not in ATTENTION_ONLY:
                explain(name, logit, images, texts, 4, steps=2)
        after = logit.loaded.model.state_dict()
        assert all(torch.equal(value, after[name]) for name, value in before.items())
        assert all(parameter.grad is None for parameter in logit.loaded.model.parameters())
        assert not logit.loaded.model.training


def test_unknown_explainers_are_refused_with_the_list(logits):
    images, texts = pictures(logits["conv"])
    with pytest.raises(SaliencyError, match=r"unknown explainer 'lime'; allowed: occlusion, integrated_gradients, "):
        explain("lime", logits["conv"], images, texts, 4)
    assert set(TITLES) == set(EXPLAINERS)
