"""The metrics, each a pure function of what was predicted.

Shares are fractions between 0 and 1; the retention KL is in nats. `METRICS` lists what the long form holds: for which
images a metric is defined and what it takes from one image. A metric is the mean over its images, so that one bootstrap
serves all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from prefclip.errors import PrefclipError

if TYPE_CHECKING:
    from torch import Tensor

CLEAN = "clean"
TYPOGRAPHIC = "typographic"


class MetricInputError(PrefclipError, ValueError):
    """Predictions that a metric cannot be computed from."""


def accuracy(predicted: ArrayLike, label: ArrayLike) -> float:
    """Share of images whose predicted class is the true one, 0–1; both (N,) integers, N >= 1."""
    return _share(predicted, label, "label")


def text_confusion(predicted: ArrayLike, word_label: ArrayLike) -> float:
    """Share of typographic images called by the written word, 0–1; both (N,) integers, N >= 1.

    In the long form, photographs whose word is no candidate (word_label -1) are left out of account.

    This is SamplingTAR's text confusion rate (arXiv 2607.02494): right and otherwise wrong answers both count against
    it. Raises MetricInputError when an image has no written word (word_label < 0).
    """
    if (np.asarray(word_label) < 0).any():
        raise MetricInputError("text_confusion is defined on typographic images only: every word_label must be >= 0.")
    return _share(predicted, word_label, "word_label")


def retention_kl(reference_logits: "Tensor", policy_logits: "Tensor") -> "Tensor":
    """KL(ref‖policy) of each clean image over all classes, in nats: (N, K) logits twice give (N,) float64, >= 0.

    The direction is that of the regulariser (arXiv 2411.08923): the reference weighs the classes. Computed in float64,
    so that rounding cannot make it negative by more than is cut off here.
    """
    from prefclip.policies import kl_divergence, log_probabilities

    if reference_logits.shape != policy_logits.shape or reference_logits.ndim != 2:
        raise MetricInputError(
            f"retention_kl needs two (N, K) logits of one shape, got {tuple(reference_logits.shape)} "
            f"and {tuple(policy_logits.shape)}."
        )
    reference, policy = (log_probabilities(logits.double()) for logits in (reference_logits, policy_logits))
    return kl_divergence(reference, policy).clamp_min(0.0)


def _share(predicted: ArrayLike, wanted: ArrayLike, name: str) -> float:
    predicted, wanted = np.asarray(predicted), np.asarray(wanted)
    if predicted.shape != wanted.shape or predicted.ndim != 1 or not len(predicted):
        raise MetricInputError(
            f"predicted and {name} must have one entry for each of at least one image, "
            f"got shapes {predicted.shape} and {wanted.shape}."
        )
    return float((predicted == wanted).mean())


def _right(rows: pd.DataFrame) -> NDArray[np.float64]:
    return (rows["predicted"].to_numpy() == rows["label"].to_numpy()).astype(np.float64)


def _called_by_word(rows: pd.DataFrame) -> NDArray[np.float64]:
    return (rows["predicted"].to_numpy() == rows["word_label"].to_numpy()).astype(np.float64)


def _retention(rows: pd.DataFrame) -> NDArray[np.float64]:
    return rows["retention_kl"].to_numpy(dtype=np.float64)


def _all(rows: pd.DataFrame) -> NDArray[np.bool_]:
    return np.ones(len(rows), dtype=bool)


def word_is_candidate(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the written word of each row of the predictions is among the candidate names."""
    return rows["word_label"].to_numpy() >= 0


def _errors(rows: pd.DataFrame) -> NDArray[np.bool_]:
    return (_right(rows) == 0) & word_is_candidate(rows)


@dataclass(frozen=True)
class Metric:
    """One entry of `METRICS`.

    Attributes:
        images: on which images it is defined.
        per_image: from rows of the predictions (`long_form.PREDICTIONS`) to one number per row.
        among: the rows that enter the mean.
        bounds: smallest and largest possible value.
        unit: ``share`` (0–1) or ``nats``.
    """

    images: tuple[str, ...]
    per_image: Callable[[pd.DataFrame], NDArray[np.float64]]
    among: Callable[[pd.DataFrame], NDArray[np.bool_]] = _all
    bounds: tuple[float, float] = (0.0, 1.0)
    unit: str = "share"


METRICS = MappingProxyType(
    {
        "accuracy": Metric((CLEAN, TYPOGRAPHIC), _right),
        "text_confusion": Metric((TYPOGRAPHIC,), _called_by_word, among=word_is_candidate),
        # Share of the wrong answers that are the written word: far above 1/(K - 1) where the model reads.
        "word_among_errors": Metric((TYPOGRAPHIC,), _called_by_word, among=_errors),
        "retention_kl": Metric((CLEAN,), _retention, bounds=(0.0, np.inf), unit="nats"),
    }
)
