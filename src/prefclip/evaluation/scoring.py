"""Class scores of images under one model, and what is kept of them."""

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from prefclip.errors import PrefclipError
from prefclip.models.image_tower import image_tower
from prefclip.models.loading import LoadedModel
from prefclip.policies import kl_divergence, log_probabilities
from prefclip.training.distributed import current_processes

KEPT_CLASSES = 3
# A CPU's caches hold the activations of about this many images; larger batches take half as long again.
CPU_IMAGES_AT_ONCE = 64


class ScoringError(PrefclipError):
    """Images or weights that cannot be scored."""


def images_at_once(loaded: LoadedModel, most: int) -> int:
    """How many images pass a model together, at most ``most``."""
    return min(most, CPU_IMAGES_AT_ONCE) if loaded.device.type == "cpu" else most


def class_logits(
    loaded: LoadedModel, texts: Tensor, images: NDArray[np.uint8], rows: NDArray[np.int64], batch_size: int
) -> Tensor:
    """Logits T(y)·I(x)/τ of the chosen images, (N, K) fp32 on the CPU; each image passes the model once.

    Several processes take turns at the batches, which stay the same, so that their number changes no bit.

    ``texts``: (K, D) normalised text features of all class prompts. ``images``: uint8 (M, H, W, 3), of which ``rows``
    (N,) are scored. ``batch_size``: images at once, an upper bound. Raises ScoringError when a logit is not finite.
    """
    batch_size = images_at_once(loaded, batch_size)
    tower = image_tower(loaded.model)
    scale = loaded.model.logit_scale.exp().float()
    processes = current_processes(loaded.device)
    logits = torch.zeros(len(rows), len(texts))
    for start in range(processes.rank * batch_size, len(rows), processes.size * batch_size):
        batch = np.ascontiguousarray(images[rows[start : start + batch_size]])
        features = tower(loaded.preprocess(batch, loaded.device))
        logits[start : start + len(batch)] = scale * functional.normalize(features.float(), dim=-1) @ texts.T
    logits = processes.joined_rows(logits)
    if not bool(torch.isfinite(logits).all()):
        raise ScoringError(
            "scores are NaN or infinite: the weights are damaged; train again with a lower learning rate."
        )
    return logits


def retention_kl(reference_logits: Tensor, policy_logits: Tensor) -> Tensor:
    """KL(ref‖policy) of each clean image over all classes, in nats: (N, K) logits twice give (N,) float64, >= 0.

    The direction is that of the regulariser (arXiv 2411.08923): the reference weighs the classes. Computed in float64,
    so that rounding cannot make it negative by more than is cut off here. Raises ScoringError for other shapes.
    """
    if reference_logits.shape != policy_logits.shape or reference_logits.ndim != 2:
        raise ScoringError(
            f"retention_kl needs two (N, K) logits of one shape, got {tuple(reference_logits.shape)} "
            f"and {tuple(policy_logits.shape)}."
        )
    reference, policy = (log_probabilities(logits.double()) for logits in (reference_logits, policy_logits))
    return kl_divergence(reference, policy).clamp_min(0.0)


def predictions_of(logits: Tensor, label: NDArray[np.int64]) -> pd.DataFrame:
    """Best three classes with their probabilities and the probability of the true class, one row per image.

    ``logits``: (N, K), K >= 2. Ties go to the class that comes first, so that results do not depend on the sort of the
    machine. Missing third classes are -1 with probability NaN.
    """
    probabilities = torch.softmax(logits.double(), dim=1).numpy()
    remaining = logits.numpy().copy()
    image = np.arange(len(remaining))
    best = np.full((len(remaining), KEPT_CLASSES), -1)
    share = np.full((len(remaining), KEPT_CLASSES), np.nan)
    for place in range(min(KEPT_CLASSES, remaining.shape[1])):
        best[:, place] = remaining.argmax(axis=1)
        share[:, place] = probabilities[image, best[:, place]]
        remaining[image, best[:, place]] = -np.inf
    frame = pd.DataFrame(best, columns=["predicted", "second", "third"])
    for place, name in enumerate(list(frame)):
        frame[f"probability_{name}"] = share[:, place].astype(np.float32)
    frame["probability_true"] = probabilities[image, np.asarray(label)].astype(np.float32)
    return frame
