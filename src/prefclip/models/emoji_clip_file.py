"""The file of the embedded base model: float16 safetensors with the architecture in the metadata."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from prefclip.models.emoji_clip import EmojiClip, EmojiClipShape
from prefclip.models.tensor_files import TensorFileError, copy_into, read_tensors, write_tensors

EMOJI_CLIP_FORMAT = "emoji-clip/1"
MEND_WEIGHTS = "model.weights must name a whole file, so restore or pretrain it again"


def save_emoji_clip(path: str | Path, model: EmojiClip, metadata: Mapping[str, str] | None = None) -> None:
    """Write a base model as float16 safetensors. Raises TensorFileError for a value that float16 cannot hold."""
    state = {}
    for name, tensor in model.state_dict().items():
        state[name] = tensor.half() if tensor.is_floating_point() else tensor
        if not torch.isfinite(state[name]).all():
            raise TensorFileError(f"{path}: tensor {name!r} has values that float16 cannot hold; train it again.")
    shape = json.dumps(asdict(model.shape), separators=(",", ":"))
    write_tensors(path, state, {**(metadata or {}), "format": EMOJI_CLIP_FORMAT, "shape": shape})


def read_emoji_clip(path: str | Path) -> EmojiClip:
    """Read what :func:`save_emoji_clip` wrote, as float32. Raises TensorFileError naming the file, and the tensor."""
    tensors, metadata = read_tensors(path, MEND_WEIGHTS)
    if metadata.get("format") != EMOJI_CLIP_FORMAT:
        raise TensorFileError(
            f"{path}: not an emoji-clip file (format {metadata.get('format', 'missing')!r}, expected "
            f"{EMOJI_CLIP_FORMAT!r}); model.weights of emoji-clip takes the base model, not a tuned checkpoint."
        )
    try:
        stored = json.loads(metadata["shape"]).items()
        shape = {key: tuple(value) if isinstance(value, list) else value for key, value in stored}
        model = EmojiClip(EmojiClipShape(**shape))
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError, RuntimeError) as error:
        raise TensorFileError(f"{path}: no valid shape in its metadata ({error!r}); {MEND_WEIGHTS}.") from error
    copy_into(model, tensors, list(model.state_dict()), path)
    return model
