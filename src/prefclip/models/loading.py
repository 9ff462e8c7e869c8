"""Loading the CLIP that a run tunes: the embedded emoji-clip, or an open_clip architecture with its weights.

Weights are safetensors files; nothing is unpickled. Whatever the precision on disk, models are float32 in memory.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
from torch import Tensor, nn

from prefclip.config import ModelConfig
from prefclip.files import sha256_of
from prefclip.models.emoji_clip import PIXEL_MEAN, PIXEL_STD, CompactTokenizer, EmojiClip, EmojiClipShape
from prefclip.models.emoji_clip_file import MEND_WEIGHTS, read_emoji_clip
from prefclip.models.preprocessing import Preprocess
from prefclip.models.tensor_files import TensorFileError, read_tensors
from prefclip.models.weight_files import (
    ModelError,
    check_architecture,
    local_weights,
    looks_like_file,
    normalisation,
    tagged_weights,
)
from prefclip.seeds import seed_for

WHOLE_VOCABULARY = 49408


@dataclass(frozen=True)
class LoadedModel:
    """A CLIP in evaluation mode with all it needs, called as in `model.name`.

    model           has ``visual``, ``encode_image``, ``encode_text`` and ``logit_scale``; float32, on ``device``
    tokenizer       texts → token ids (N, context length)
    preprocess      uint8 images (B, H, W, 3) and a device → normalised float32 (B, 3, H, W)
    weights_sha256  of the weights file's bytes, or of the tensors of random weights; names the base model
    """

    name: str
    model: nn.Module
    tokenizer: Callable[[list[str]], Tensor]
    preprocess: Preprocess
    weights_sha256: str
    device: torch.device

    @property
    def image_size(self) -> int:
        """Input side in pixels."""
        return self.preprocess.image_size


def load_model(settings: ModelConfig, device: torch.device | str = "cpu") -> LoadedModel:
    """Load the model that a config names.

    `model.weights` is a safetensors file, a pretrained tag of open_clip, or `random` (seeded, for tests); the device
    ``auto`` a GPU where there is one. Raises ModelError or TensorFileError naming the key or file, with a remedy.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(device)
    load = _load_emoji_clip if settings.is_embedded else _load_open_clip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(settings.name, "random weights"))
        model, tokenizer, mean_and_std, weights = load(settings)
    model.eval().to(device)
    # Once and here: done inside inference mode, the weights would never again have gradients.
    model.visual.to(memory_format=torch.channels_last)
    preprocess = Preprocess(settings.image_size, *mean_and_std)
    sha256 = sha256_of(weights) if weights else _sha256_of_state(model)
    return LoadedModel(settings.name, model, tokenizer, preprocess, sha256, device)


def _load_emoji_clip(settings: ModelConfig):
    if settings.is_random:
        layers = {"emoji-vit": {"vision_layers": 4}}.get(settings.name, {})
        model, path = EmojiClip(EmojiClipShape(vocabulary=tuple(range(WHOLE_VOCABULARY)), **layers)), None
    else:
        path = local_weights(settings.weights)
        model = read_emoji_clip(path)
        held = "emoji-vit" if model.shape.vision_layers else "emoji-clip"
        if held != settings.name:
            raise ModelError(f"model.weights: {path} holds {held}; name that in model.name, or another file.")
    tokenizer = CompactTokenizer(model.shape.vocabulary, model.shape.context_length)
    return model, tokenizer, ((PIXEL_MEAN,) * 3, (PIXEL_STD,) * 3), path


def _load_open_clip(settings: ModelConfig):
    name = settings.name
    check_architecture(name)
    if settings.is_random:
        path = None
    elif looks_like_file(settings.weights):
        path = local_weights(settings.weights)
    else:
        path = tagged_weights(name, settings.weights)
    # Weights are loaded below: open_clip would unpickle what is not safetensors, and only warn of other trouble. The
    # root logger is where it says that it has loaded none.
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        model = open_clip.create_model(name, force_image_size=settings.image_size, pretrained_text=False)
    finally:
        root.setLevel(level)
    if path is not None:
        _check_shapes(model, path, settings)
        try:
            open_clip.load_checkpoint(model, str(path))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelError(f"{path}: does not fit model.name {name} ({reason}).") from error
    return model, open_clip.get_tokenizer(name), normalisation(name, settings.weights), path


def _check_shapes(model: nn.Module, path: Path, settings: ModelConfig) -> None:
    stored, _ = read_tensors(path, MEND_WEIGHTS)
    for name, place in model.state_dict().items():
        resizable = name.endswith("positional_embedding") or name in ("logit_scale", "logit_bias")
        if name in stored and stored[name].shape != place.shape and not resizable:
            raise TensorFileError(
                f"{path}: tensor {name!r} has shape {tuple(stored[name].shape)} but {settings.name} needs "
                f"{tuple(place.shape)}; set model.name to the architecture of the file."
            )


def _sha256_of_state(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
