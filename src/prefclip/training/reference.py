"""The untouched model's image embeddings of all pairs, computed once for all methods and seeds.

This is valid because preprocessing is deterministic. A cache belongs to one base model, one set of pairs and images,
one preprocessing and one precision: their hashes are its key.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from prefclip.config import Config
from prefclip.files import sha256_of
from prefclip.models.image_tower import embed_images
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.tensor_files import read_tensors, write_tensors
from prefclip.training.batches import open_sized_images
from prefclip.training.distributed import default_device
from prefclip.training.errors import TrainingError
from prefclip.training.numerics import declared_numerics, tower_precision
from prefclip.training.pairs import read_pairs

REFERENCE_FORMAT = "prefclip-reference/1"
REMEDY = "make it again with `prefclip reference`"


class Reference(NamedTuple):
    """Normalised float32 embeddings (N, D) in the order of the preferences file, on the CPU."""

    clean: Tensor
    attacked: Tensor


def reference_parts(
    loaded: LoadedModel, precision: str, preferences: str | Path, images: str | Path, attacked_images: str | Path
) -> dict[str, str]:
    """All that cached embeddings depend on, by name."""
    return {
        "weights": loaded.weights_sha256,
        "preferences": sha256_of(preferences),
        "images": sha256_of(images),
        "attacked_images": sha256_of(attacked_images),
        "preprocessing": loaded.preprocess.key,
        "dtype": precision,
    }


def key_of(parts: object) -> str:
    """The sha256 that stands for all parts, JSON values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def cache_reference(
    config: Config,
    preferences: str | Path,
    images: str | Path,
    attacked_images: str | Path,
    output: str | Path,
    *,
    device: str | None = None,
    threads: int | None = None,
) -> None:
    """Embed both images of every pair with the untouched model. Raises PrefclipError naming the file or key."""
    precision = config.training.precision
    with declared_numerics(precision, threads):
        loaded = load_model(config.model, device or default_device())
        stacks = [open_sized_images(path, loaded.image_size) for path in (images, attacked_images)]
        pairs = read_pairs(preferences, len(stacks[0]), len(stacks[1]))
        embedded = {}
        for name, stack, rows in zip(Reference._fields, stacks, (pairs.clean_rows, pairs.attacked_rows), strict=True):
            # A picture with several attacks is embedded once.
            unique, place = np.unique(rows, return_inverse=True)
            with tower_precision(precision, loaded.device):
                embedded[name] = embed_images(loaded, stack, config.evaluation.batch_size, unique)[place]
        parts = reference_parts(loaded, precision, preferences, images, attacked_images)
    write_tensors(output, embedded, {**parts, "key": key_of(parts), "format": REFERENCE_FORMAT})


def read_reference(path: str | Path, parts: dict[str, str]) -> Reference:
    """Read a cache. Raises TensorFileError for a damaged file, TrainingError naming which of ``parts`` differs."""
    tensors, metadata = read_tensors(path, REMEDY)
    if metadata.get("format") != REFERENCE_FORMAT or set(tensors) != set(Reference._fields):
        raise TrainingError(f"{path}: not a reference cache (expected {REFERENCE_FORMAT!r}); {REMEDY}.")
    if metadata.get("key") != key_of(parts):
        other = [name for name, value in parts.items() if metadata.get(name) != value]
        raise TrainingError(f"{path}: was made from other {', '.join(other) or 'parts'} than this run has; {REMEDY}.")
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise TrainingError(f"{path}: holds values that are not finite; check model.weights, then {REMEDY}.")
    return Reference(tensors["clean"], tensors["attacked"])
