"""safetensors files: read with clear errors, written so that the same content always gives the same bytes.

The safetensors library writes metadata in the order of a hash map, which differs between processes, and reports a full
disk as an error of its own. The format is eight bytes of length, a JSON header and raw tensors, so it is written here.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from prefclip.errors import PrefclipError
from prefclip.files import whole_file

DTYPE_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


class TensorFileError(PrefclipError):
    """A safetensors file is missing, damaged, or does not hold what it should."""


class TensorFile(NamedTuple):
    """Tensors by name, and the strings stored beside them."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str]


def write_tensors(path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors of any device and memory format, whole or not at all. Raises OutputError where it cannot."""
    # Widest types first, then by name: readers map the file and need every tensor aligned to its own item size.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    offset = 0
    for name in names:
        size = tensors[name].numel() * tensors[name].element_size()
        header[name] = {
            "dtype": DTYPE_NAMES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        stream.write(len(encoded).to_bytes(8, "little"))
        stream.write(encoded)
        for name in names:
            flat = tensors[name].detach().cpu().contiguous().reshape(-1)
            stream.write(flat.view(torch.uint8).numpy())


def read_tensors(path: str | Path, remedy: str) -> TensorFile:
    """Read a whole file to the CPU. Raises TensorFileError, ended by ``remedy``, for a missing or damaged one."""
    path = Path(path)
    if not path.is_file():
        raise TensorFileError(f"{path}: no such file; {remedy}.")
    try:
        with safe_open(path, framework="pt") as file:
            return TensorFile({name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise TensorFileError(f"{path}: not a whole safetensors file ({error}); {remedy}.") from error


def check_fit(module: torch.nn.Module, tensors: Mapping[str, Tensor], names: list[str], origin: str | Path) -> None:
    """Raise TensorFileError unless ``tensors`` are just those of ``module`` called ``names``, with the same shapes."""
    places = module.state_dict()
    for name in names:
        if name not in tensors:
            raise TensorFileError(f"{origin}: tensor {name!r} is missing; the file belongs to another model.")
        if tensors[name].shape != places[name].shape:
            raise TensorFileError(
                f"{origin}: tensor {name!r} has shape {tuple(tensors[name].shape)} but the model needs "
                f"{tuple(places[name].shape)}; the file belongs to a model of another size."
            )
    unknown = sorted(set(tensors) - set(names))
    if unknown:
        raise TensorFileError(f"{origin}: the model has no tensor {unknown[0]!r}; the file belongs to another model.")


@torch.no_grad()
def copy_into(module: torch.nn.Module, tensors: Mapping[str, Tensor], names: list[str], origin: str | Path) -> None:
    """Copy ``tensors`` into those of ``module`` called ``names``: all, or none, with the error of :func:`check_fit`."""
    check_fit(module, tensors, names, origin)
    places = module.state_dict()
    for name in names:
        places[name].copy_(tensors[name])
