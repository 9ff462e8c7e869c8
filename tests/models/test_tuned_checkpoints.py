"""Tuned checkpoints meet the base model they were made from, and no other."""

import pytest
import torch
from tiny_training import tiny_model

from prefclip.config import ModelConfig
from prefclip.errors import PrefclipError
from prefclip.models.checkpoints import load_checkpoint, save_weights, tuned_names
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import read_tensors


@pytest.fixture
def loaded(tmp_path):
    save_emoji_clip(tmp_path / "base.safetensors", tiny_model())
    return load_model(ModelConfig(weights=str(tmp_path / "base.safetensors"), image_size=32))


@pytest.fixture
def save(loaded, tmp_path):
    def written(trainable="image", tensors=None, **metadata):
        state = {name: loaded.model.state_dict()[name] + 1 for name in tuned_names(loaded.model, trainable)}
        base = {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": trainable, "method": "dpo"}
        save_weights(tmp_path / "model.safetensors", {**state, **(tensors or {})}, {**base, **metadata})
        return tmp_path / "model.safetensors"

    return written


@pytest.mark.parametrize("trainable", ["image", "head", "all"])
def test_round_trip(loaded, save, trainable):
    before = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    metadata = load_checkpoint(loaded, save(trainable))
    assert metadata["method"] == "dpo"
    for name, tensor in loaded.model.state_dict().items():
        tuned = trainable == "all" or name.startswith("visual.")
        assert torch.equal(tensor, before[name] + 1 if tuned else before[name]), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "ViT-B-32"}, r"was tuned from ViT-B-32 but model\.name is emoji-clip"),
        ({"base_sha256": "0" * 64}, r"was tuned from other weights of emoji-clip \(sha256 000000000000…"),
        (
            {"tensors": {"visual.head.3.bias": torch.zeros(9)}, "base_sha256": "0" * 64},
            r"model\.safetensors: tensor 'visual\.head\.3\.bias' has shape \(9,\) but the model needs \(16,\)",
        ),
        ({"trainable": "all", "tensors": {"extra": torch.zeros(1)}}, "the model has no tensor 'extra'"),
    ],
)
def test_misfits_leave_the_model_alone(loaded, save, change, message):
    path = save(**change)
    before = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    with pytest.raises(PrefclipError, match=message):
        load_checkpoint(loaded, path)
    assert all(torch.equal(tensor, before[name]) for name, tensor in loaded.model.state_dict().items())


def test_base_model_is_no_tuned_checkpoint(loaded, tmp_path):
    with pytest.raises(PrefclipError, match="not a tuned checkpoint"):
        load_checkpoint(loaded, tmp_path / "base.safetensors")


def test_cut_in_half(loaded, save):
    path = save()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PrefclipError, match=r"not a whole safetensors file .*train it again"):
        load_checkpoint(loaded, path)


def test_metadata_are_complete(loaded, tmp_path):
    with pytest.raises(ValueError, match="base_sha256"):
        save_weights(tmp_path / "model.safetensors", {}, {"model": "emoji-clip"})


def test_image_checkpoint_holds_the_image_tower_alone(save):
    assert all(name.startswith("visual.") for name in read_tensors(save(), "").tensors)
