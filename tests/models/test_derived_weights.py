"""Weights computed from a base model and checkpoints: their names, their ends, and what they are stored with."""

import pytest
import torch
from tiny_training import tiny_model

from prefclip.config import ModelConfig
from prefclip.errors import PrefclipError
from prefclip.methods.interpolated import interpolate
from prefclip.models.checkpoints import load_checkpoint, save_weights, tuned_names
from prefclip.models.derived_weights import derive_weights
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.models.loading import load_model


@pytest.fixture
def settings(tmp_path):
    save_emoji_clip(tmp_path / "base.safetensors", tiny_model())
    return ModelConfig(weights=str(tmp_path / "base.safetensors"), image_size=32)


@pytest.fixture
def tuned(settings, tmp_path):
    """Writes a checkpoint whose tensors are the base's and ``more``."""

    def write(name, trainable="image", more=1):
        loaded = load_model(settings)
        state = {each: loaded.model.state_dict()[each] + more for each in tuned_names(loaded.model, trainable)}
        metadata = {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": trainable}
        save_weights(tmp_path / f"{name}.safetensors", state, metadata)
        return tmp_path / f"{name}.safetensors"

    return write


def loaded_with(settings, path):
    loaded = load_model(settings)
    metadata = load_checkpoint(loaded, path)
    return loaded.model.state_dict(), metadata


@pytest.mark.parametrize("trainable", ["image", "head", "all"])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_interpolation_lies_between_the_two_and_is_exact_at_both_ends(settings, tuned, tmp_path, trainable, alpha):
    path, out = tuned("tuned", trainable), tmp_path / "out.safetensors"
    derive_weights(
        settings, lambda base, of: interpolate(base, of["dpo"], alpha), {"dpo": path}, out, {"method": "wise"}
    )
    base, (end, _), (found, metadata) = (
        load_model(settings).model.state_dict(),
        loaded_with(settings, path),
        loaded_with(settings, out),
    )
    assert metadata["method"] == "wise" and metadata["weights"] == "raw"
    assert any(not torch.equal(base[name], end[name]) for name in base)
    for name, tensor in found.items():
        if not tensor.is_floating_point():
            assert torch.equal(tensor, base[name]), name
        elif alpha in (0.0, 1.0):
            assert torch.equal(tensor, end[name] if alpha else base[name]), name
        else:
            assert torch.allclose(tensor, base[name] + alpha * (end[name] - base[name]), atol=1e-5), name


def test_whole_numbers_stay_those_of_the_base_model(settings, tuned, tmp_path):
    path, out = tuned("tuned", "image"), tmp_path / "out.safetensors"
    derive_weights(settings, lambda base, of: of["dpo"], {"dpo": path}, out, {})
    base, (end, _), (found, _) = (
        load_model(settings).model.state_dict(),
        *(loaded_with(settings, p) for p in (path, out)),
    )
    whole = [name for name, tensor in base.items() if not tensor.is_floating_point()]
    assert all(torch.equal(found[name], base[name]) for name in whole)
    assert all(not torch.equal(end[name], base[name]) for name in whole if name.startswith("visual."))
    assert [name for name in whole if name.startswith("visual.")], "the base model has none, and this says nothing"


def test_a_method_tuned_in_its_image_tower_alone_has_the_base_models_text_tower(settings, tuned, tmp_path):
    """Also beside one that was tuned as a whole, whatever their order."""
    paths = {"whole": tuned("whole", "all", 1), "tower": tuned("tower", "image", 2)}
    for order in (paths, dict(reversed(paths.items()))):
        derive_weights(settings, lambda base, of: of["tower"], order, tmp_path / "out.safetensors", {})
        found, metadata = loaded_with(settings, tmp_path / "out.safetensors")
        assert metadata["trainable"] == "all"
        for name, tensor in load_model(settings).model.state_dict().items():
            if tensor.is_floating_point():
                assert torch.equal(found[name], tensor + 2 if name.startswith("visual.") else tensor), name


def test_nothing_to_build_on_gives_an_image_tower(settings, tmp_path):
    derive_weights(settings, lambda base, of: {name: 2 * base[name] for name in base}, {}, tmp_path / "out", {})
    found, metadata = loaded_with(settings, tmp_path / "out")
    assert metadata["trainable"] == "image"
    base = load_model(settings).model.state_dict()
    assert torch.equal(found["visual.head.3.bias"], 2 * base["visual.head.3.bias"])


def test_a_checkpoint_that_is_missing_or_of_another_model_is_named(settings, tuned, tmp_path):
    for path in (tmp_path / "none.safetensors", tmp_path / "base.safetensors"):
        with pytest.raises(PrefclipError, match=path.name):
            derive_weights(settings, lambda base, of: base, {"dpo": path}, tmp_path / "out.safetensors", {})
    assert not (tmp_path / "out.safetensors").exists()
