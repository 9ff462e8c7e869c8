"""The embedded base model's file."""

import json

import pytest
import torch
from tiny_training import tiny_model

from prefclip.models.emoji_clip_file import read_emoji_clip, save_emoji_clip
from prefclip.models.tensor_files import TensorFileError, read_tensors, write_tensors


@pytest.fixture
def path(tmp_path):
    save_emoji_clip(tmp_path / "base.safetensors", tiny_model(), {"steps": "3"})
    return tmp_path / "base.safetensors"


def rewrite(path, tensors=None, **metadata):
    stored = read_tensors(path, "")
    changed = {name: tensor.clone() for name, tensor in {**stored.tensors, **(tensors or {})}.items()}
    write_tensors(path, changed, {**stored.metadata, **metadata})


def test_half_on_disk_float_in_memory(path):
    model, original = read_emoji_clip(path), tiny_model()
    assert model.shape == original.shape
    for name, tensor in original.state_dict().items():
        expected = tensor.half().float() if tensor.is_floating_point() else tensor
        assert torch.equal(model.state_dict()[name], expected), name
    stored = read_tensors(path, "")
    assert {tensor.dtype for tensor in stored.tensors.values()} == {torch.float16, torch.int64}
    assert stored.metadata["format"] == "emoji-clip/1" and stored.metadata["steps"] == "3"
    assert json.loads(stored.metadata["shape"])["channels"] == [4, 4, 8, 8, 8]


def test_same_model_same_bytes(path, tmp_path):
    save_emoji_clip(tmp_path / "again.safetensors", read_emoji_clip(path), {"steps": "3"})
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_tensor_of_another_shape_is_named(path):
    rewrite(path, {"visual.head.3.bias": torch.zeros(7)})
    with pytest.raises(
        TensorFileError, match=r"base\.safetensors: tensor 'visual\.head\.3\.bias' has shape \(7,\) but"
    ):
        read_emoji_clip(path)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"format": "prefclip-checkpoint/1"}, "not an emoji-clip file"),
        ({"shape": "{}"}, "tensor 'logit_scale'|has shape"),
        ({"shape": "nonsense"}, "no valid shape"),
        ({"shape": '{"colour": 3}'}, "no valid shape"),
        ({"shape": "[1]"}, "no valid shape"),
    ],
)
def test_other_metadata(path, metadata, message):
    rewrite(path, **metadata)
    with pytest.raises(TensorFileError, match=message):
        read_emoji_clip(path)


def test_value_beyond_float16(tmp_path):
    model = tiny_model()
    with torch.no_grad():
        model.visual.head[3].bias[0] = 1e6
    with pytest.raises(TensorFileError, match=r"'visual\.head\.3\.bias' has values that float16 cannot hold"):
        save_emoji_clip(tmp_path / "base.safetensors", model)
    assert list(tmp_path.iterdir()) == []
