"""From the config's `model.weights` to a safetensors file on this machine; pickled weights are refused."""

import difflib
import os
from pathlib import Path

import open_clip
from huggingface_hub import hf_hub_download
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

from prefclip.config import EMBEDDED_MODELS, RANDOM
from prefclip.errors import PrefclipError

HUB_FILE = "open_clip_model.safetensors"
PICKLE_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")

# ViT-tiny-32-quickgelu: the paper's architecture with two narrow blocks in each tower, for rehearsals.
open_clip.add_model_config(Path(__file__).with_name("architectures"))


class ModelError(PrefclipError):
    """An unknown model, unknown or unfit weights, or weights that cannot be fetched."""


def check_architecture(name: str) -> None:
    """Raise ModelError, with the nearest names, if open_clip has no architecture called ``name``."""
    known = open_clip.list_models()
    if name not in known:
        near = difflib.get_close_matches(name, [*known, *EMBEDDED_MODELS], n=3)
        near = near or ["emoji-clip", "ViT-B-32-quickgelu"]
        raise ModelError(f"model.name: open_clip has no architecture {name!r}; nearest: {', '.join(near)}.")


def check_model(name: str, weights: str) -> None:
    """Raise ModelError if an open_clip architecture or a pretrained tag does not exist, or if they do not fit."""
    check_architecture(name)
    if weights != RANDOM and not looks_like_file(weights):
        check_activation(name, weights)


def native_image_size(name: str) -> int:
    """Input side in pixels that open_clip gives an architecture. Raises ModelError for an unknown one."""
    check_architecture(name)
    size = open_clip.get_model_config(name)["vision_cfg"].get("image_size", 224)
    return int(size if isinstance(size, int) else size[0])


def looks_like_file(weights: str) -> bool:
    """Whether ``weights`` means a file rather than a pretrained tag."""
    return Path(weights).suffix in (".safetensors", *PICKLE_SUFFIXES) or os.sep in weights or Path(weights).exists()


def local_weights(weights: str) -> Path:
    """The path of a local file. Raises ModelError for one that is pickled or not there."""
    path = Path(weights)
    if path.suffix != ".safetensors":
        raise ModelError(f"{path}: only safetensors files are loaded, nothing is unpickled; convert it to safetensors.")
    if not path.is_file():
        raise ModelError(f"{path}: no such weights file; model.weights takes a local file or a pretrained tag.")
    return path


def tagged_weights(name: str, tag: str) -> Path:
    """Find a tag's file in the Hugging Face cache, or fetch it. Raises ModelError if that cannot be done."""
    repository, file = hub_location(name, tag)
    try:
        return Path(hf_hub_download(repository, file))
    except Exception as error:
        raise ModelError(
            f"model.weights: {tag!r} of {name} ({repository}/{file}) could not be fetched "
            f"({str(error).splitlines()[0]}); fetch that file where there is a network and name it in model.weights."
        ) from error


def hub_location(name: str, tag: str) -> tuple[str, str]:
    """Repository and file of a tag. Raises ModelError for an unknown or unfit one, and for pickled weights."""
    check_activation(name, tag)
    repository, file = os.path.split(get_pretrained_cfg(name, tag).get("hf_hub", ""))
    if not repository:
        raise ModelError(f"model.weights: {tag!r} of {name} is published pickled only; choose another tag.")
    return repository, f"{Path(file).stem}.safetensors" if file else HUB_FILE


def check_activation(name: str, tag: str) -> None:
    """Raise ModelError for weights trained with QuickGELU in an architecture without it, or the reverse."""
    settings = get_pretrained_cfg(name, tag)
    has_quick_gelu = bool((open_clip.get_model_config(name) or {}).get("quick_gelu", False))
    base = name.removesuffix("-quickgelu")
    if not settings:
        if get_pretrained_cfg(base, tag) and not get_pretrained_cfg(base, tag).get("quick_gelu", False):
            raise ModelError(f"model.weights: {tag!r} was trained without QuickGELU; use model.name {base}.")
        tags = list_pretrained_tags_by_model(name)
        raise ModelError(
            f"model.weights: {tag!r} is neither a file nor a tag of {name}; allowed: {', '.join(tags) or 'files only'}."
        )
    if settings.get("quick_gelu", False) and not has_quick_gelu:
        raise ModelError(
            f"model.weights: {tag!r} was trained with QuickGELU but {name} has GELU; use model.name {base}-quickgelu."
        )


def normalisation(name: str, weights: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the pixels, for a tag or, for a file, as all tags of the architecture agree."""
    tags = list_pretrained_tags_by_model(name)
    settings = get_pretrained_cfg(name, weights)
    choices = [settings] if settings else [get_pretrained_cfg(name, tag) for tag in tags]
    pairs = {(tuple(choice["mean"]), tuple(choice["std"])) for choice in choices}
    return pairs.pop() if len(pairs) == 1 else (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
