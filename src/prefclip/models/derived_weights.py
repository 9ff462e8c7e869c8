"""Weights that are computed from others, without training, as a checkpoint like those of a training."""

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

from prefclip.config import ModelConfig
from prefclip.models.checkpoints import load_checkpoint, save_weights, tuned_names
from prefclip.models.loading import load_model

State = dict[str, Tensor]


def derive_weights(
    settings: ModelConfig,
    compute: Callable[[State, Mapping[str, State]], Mapping[str, Tensor]],
    tuned: Mapping[str, str | Path],
    out: str | Path,
    metadata: Mapping[str, str],
) -> None:
    """Write what ``compute`` makes of the base model's float tensors and of those of each checkpoint in ``tuned``.

    Tensors of whole numbers, such as counts of batches, stay the base's. The checkpoint holds the whole model where one
    of ``tuned`` does, else the image tower. ``metadata``: what it says besides what :func:`load_checkpoint` needs.
    Raises CheckpointError, ModelError, TensorFileError or OutputError naming the file.
    """
    loaded = load_model(settings)
    base = _state(loaded.model)
    states, trained = {}, set()
    for name, path in tuned.items():
        loaded.model.load_state_dict(base)
        trained.add(load_checkpoint(loaded, path)["trainable"])
        states[name] = _floats(_state(loaded.model))
    trainable = "all" if "all" in trained else "image"
    found = {**base, **compute(_floats(base), states)}
    needed = {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": trainable, "weights": "raw"}
    save_weights(out, {name: found[name] for name in tuned_names(loaded.model, trainable)}, {**metadata, **needed})


def _state(model: nn.Module) -> State:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def _floats(state: State) -> State:
    return {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}
