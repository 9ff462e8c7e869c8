"""Embeddings of a training set's test pictures as models could make them."""

import numpy as np
import torch

from prefclip.config import Config
from prefclip.evaluation.embedding_files import FORMAT
from prefclip.models.tensor_files import write_tensors
from prefclip.run.files import RunFiles
from prefclip.seeds import generator_for

WIDTH, SCALE = 8, 8.0


def write_embeddings(
    layout: RunFiles,
    config: Config,
    method: str,
    dataset: str,
    ids: list[str],
    label: np.ndarray,
    written: np.ndarray,
    classes: int,
) -> None:
    """Clean pictures lie near their name, attacked ones between their name and the written one."""
    seeds = (0,) if method == "clip" else config.seeds
    names = unit(generator_for(dataset, "names").normal(size=(classes, WIDTH)))

    def near(images: str, seed: int, share: float) -> np.ndarray:
        noise = 0.1 * generator_for(dataset, images).normal(size=(len(ids), WIDTH))
        noise += 0.05 * generator_for(method, seed, images).normal(size=noise.shape)
        return unit((1 - share) * names[label] + share * names[written] + noise)

    shares = {"clean": 0.0, "typographic": 0.6 if method == "clip" else 0.4, "ink": 0.1}
    found = {images: np.stack([near(images, seed, share) for seed in seeds]) for images, share in shares.items()}
    found |= {"names": np.stack([names] * len(seeds)), "scale": np.full(len(seeds), SCALE)}
    store_embeddings(layout.embeddings(config.model.key, method), found, label, written, seeds, ids, dataset)


def store_embeddings(path, found, label, written, seeds, ids, dataset="animals") -> None:
    """Write arrays as `prefclip embed` does."""
    tensors = {name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in found.items()}
    tensors |= {
        "label": torch.tensor(np.asarray(label, np.int64)),
        "written": torch.tensor(np.asarray(written, np.int64)),
    }
    stored = {"format": FORMAT, "dataset": dataset, "seeds": "\n".join(map(str, seeds)), "ids": "\n".join(ids)}
    write_tensors(path, tensors, stored)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
