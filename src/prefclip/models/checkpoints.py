"""Tuned checkpoints: what training changed of a base model, with the base's sha256 so that it meets no other."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from prefclip.errors import PrefclipError
from prefclip.models.loading import LoadedModel
from prefclip.models.tensor_files import check_fit, copy_into, read_tensors, write_tensors

CHECKPOINT_FORMAT = "prefclip-checkpoint/1"
TOWER_PREFIX = "visual."


class CheckpointError(PrefclipError):
    """A file that is not a tuned checkpoint, or one of another base model."""


def tuned_names(model: nn.Module, trainable: str) -> list[str]:
    """Tensors that a checkpoint holds: the whole image tower, or the whole model if all of it was trained."""
    names = list(model.state_dict())
    return names if trainable == "all" else [name for name in names if name.startswith(TOWER_PREFIX)]


def save_weights(path: str | Path, state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a tuned checkpoint as safetensors, the same bytes for the same content.

    ``metadata`` must hold ``model``, ``base_sha256`` and ``trainable``. Raises OutputError for an unwritable file.
    """
    for key in ("model", "base_sha256", "trainable"):
        if key not in metadata:
            raise ValueError(f"the metadata of a checkpoint needs {key!r}")
    write_tensors(path, state, {**metadata, "format": CHECKPOINT_FORMAT})


def load_checkpoint(loaded: LoadedModel, path: str | Path) -> dict[str, str]:
    """Put a tuned checkpoint into the base model it was tuned from; returns the metadata.

    Raises CheckpointError for a file of another base model, TensorFileError for a damaged file or a tensor of another
    shape; the model is unchanged then.
    """
    tensors, metadata = read_tensors(path, "train it again with `prefclip train`")
    if metadata.get("format") != CHECKPOINT_FORMAT:
        raise CheckpointError(
            f"{path}: not a tuned checkpoint (format {metadata.get('format', 'missing')!r}, expected "
            f"{CHECKPOINT_FORMAT!r}); take model.safetensors or averaged.safetensors of a training run."
        )
    if metadata.get("model") != loaded.name:
        raise CheckpointError(
            f"{path}: was tuned from {metadata.get('model')} but model.name is {loaded.name}; use the config it was "
            "trained with."
        )
    names = tuned_names(loaded.model, metadata.get("trainable", "image"))
    # A tensor of another shape says more than another hash, so shapes are compared first.
    check_fit(loaded.model, tensors, names, path)
    if metadata.get("base_sha256") != loaded.weights_sha256:
        raise CheckpointError(
            f"{path}: was tuned from other weights of {loaded.name} (sha256 {metadata.get('base_sha256', '')[:12]}…, "
            f"model.weights has {loaded.weights_sha256[:12]}…); use the same model.weights or train it again."
        )
    copy_into(loaded.model, tensors, names, path)
    return metadata
