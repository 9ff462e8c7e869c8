"""The metrics, each a pure function of what was predicted.

Shares are fractions between 0 and 1; the retention KL is in nats. `METRICS` lists what tables show of predictions: for
which images a metric is defined and what it takes from one image. A metric is the mean over its images, so that one
bootstrap serves all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prefclip.errors import PrefclipError

if TYPE_CHECKING:
    from torch import Tensor

CLEAN = "clean"
TYPOGRAPHIC = "typographic"


class MetricInputError(PrefclipError, ValueError):
    """Predictions that a metric cannot be computed from."""


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


def word_is_candidate(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the written word of each row of the predictions is among the candidate names."""
    return rows["word_label"].to_numpy() >= 0


@dataclass(frozen=True)
class Metric:
    """One entry of `METRICS`: the mean of what it takes from rows of the predictions (`long_form.PREDICTIONS`).

    Attributes:
        images: on which images it is defined.
        measure: a column, or ``column = column``: 1 where two columns are equal, else 0.
        without: values of columns whose rows do not enter the mean.
        bounds: smallest and largest possible value.
        unit: ``share`` (0–1) or ``nats``.
    """

    images: tuple[str, ...]
    measure: str
    without: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[float, float] = (0.0, 1.0)
    unit: str = "share"

    def per_image(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """One number per row of the predictions, (N,)."""
        column, _, other = self.measure.partition(" = ")
        values = rows[column].to_numpy()
        return (values == rows[other].to_numpy() if other else values).astype(np.float64)


METRICS = MappingProxyType(
    {
        "accuracy": Metric((CLEAN, TYPOGRAPHIC), "predicted = label"),
        # SamplingTAR's text confusion rate (arXiv 2607.02494): right and otherwise wrong answers both count against it.
        # A written word that is no candidate name has no label, and its photographs are left out of account.
        "text_confusion": Metric((TYPOGRAPHIC,), "predicted = word_label", without={"word_label": -1}),
        "retention_kl": Metric((CLEAN,), "retention_kl", bounds=(0.0, np.inf), unit="nats"),
    }
)
