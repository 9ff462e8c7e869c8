"""Embeddings of one method as later steps read them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC
from prefclip.models.tensor_files import TensorFileError, read_tensors

FORMAT = "prefclip-embeddings/1"
PICTURES = (CLEAN, TYPOGRAPHIC, INK)
REMEDY = "make it again with `prefclip embed`"


class Embeddings(NamedTuple):
    """The test pictures of the training set and its names under one method: S seeds, N pictures, K names, width D.

    pictures  clean | typographic | ink → (S, N, D) float32 of norm 1, the same pictures in the same order
    names     (S, K, D) float32 of norm 1: the class prompts, in label order
    scale     (S,) float32: what similarities are multiplied by to be logits
    label     (N,) int64: the true class
    written   (N,) int64: the class whose name is written on the attacked picture, never the true one
    seeds     of the trainings; of the untouched CLIP one 0
    ids       of the clean pictures
    """

    pictures: dict[str, NDArray[np.float32]]
    names: NDArray[np.float32]
    scale: NDArray[np.float32]
    label: NDArray[np.int64]
    written: NDArray[np.int64]
    seeds: tuple[int, ...]
    ids: tuple[str, ...]


def read_embeddings(path: str | Path) -> Embeddings:
    """Read the embeddings of one method. Raises TensorFileError naming a file that is missing, damaged or another."""
    tensors, stored = read_tensors(path, REMEDY)
    if stored.get("format") != FORMAT:
        raise TensorFileError(f"{path}: holds no embeddings (expected {FORMAT!r}); {REMEDY}.")
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    return Embeddings(
        {images: arrays.pop(images) for images in PICTURES},
        **arrays,
        seeds=tuple(map(int, stored["seeds"].split("\n"))),
        ids=tuple(stored["ids"].split("\n")),
    )
