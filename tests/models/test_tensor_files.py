"""safetensors files: the library reads them, equal content gives equal bytes, damage is told clearly."""

import pytest
import torch
from safetensors.torch import load_file

from prefclip.files import OutputError
from prefclip.models.tensor_files import DTYPE_NAMES, TensorFileError, copy_into, read_tensors, write_tensors


@pytest.fixture
def tensors():
    odd = {f"x{index}": torch.arange(5).to(dtype) for index, dtype in enumerate(DTYPE_NAMES)}
    image = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    return {**odd, "scalar": torch.tensor(3.5), "empty": torch.zeros(0, 4), "channels_last": image}


def test_the_library_reads_what_is_written(tmp_path, tensors):
    path = tmp_path / "file.safetensors"
    write_tensors(path, tensors, {"b": "2", "a": "ü"})
    for read in (load_file(path), read_tensors(path, "do it again").tensors):
        assert set(read) == set(tensors)
        for name, tensor in tensors.items():
            assert read[name].dtype == tensor.dtype
            assert torch.equal(read[name], tensor)
    assert read_tensors(path, "do it again").metadata == {"a": "ü", "b": "2"}


def test_bytes_do_not_depend_on_the_order_given(tmp_path, tensors):
    first, second = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    write_tensors(first, tensors, {"a": "1", "b": "2"})
    write_tensors(second, dict(reversed(tensors.items())), {"b": "2", "a": "1"})
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kept", [0, 4, 60, 0.5, -1])
def test_damaged_file_is_named(tmp_path, tensors, kept):
    path = tmp_path / "file.safetensors"
    write_tensors(path, tensors, {})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(TensorFileError, match=r"file\.safetensors: not a whole safetensors file .*; do it again\.$"):
        read_tensors(path, "do it again")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(TensorFileError, match="no such file; do it again"):
        read_tensors(tmp_path / "none.safetensors", "do it again")


def test_full_disk_leaves_nothing(tmp_path, largest_file):
    path = tmp_path / "file.safetensors"
    with largest_file(1000), pytest.raises(OutputError, match="disk is full"):
        write_tensors(path, {"big": torch.zeros(10_000)}, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": torch.zeros(3, 5)}, r"here: tensor 'weight' has shape \(3, 5\) but the model needs \(3, 4\)"),
        ({"weight": None}, "tensor 'weight' is missing"),
        ({"extra": torch.zeros(1)}, "the model has no tensor 'extra'"),
    ],
)
def test_copy_is_all_or_nothing(change, message):
    module = torch.nn.Linear(4, 3)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    wanted = {"bias": torch.ones(3), "weight": torch.ones(3, 4), **change}
    given = {name: tensor for name, tensor in wanted.items() if tensor is not None}
    with pytest.raises(TensorFileError, match=message):
        copy_into(module, given, ["bias", "weight"], "here")
    assert all(torch.equal(module.state_dict()[name], before[name]) for name in before)
