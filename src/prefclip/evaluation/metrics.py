"""The metrics of the tables: for which images each is defined, and what it takes from one row of the predictions.

Shares are fractions between 0 and 1; the retention KL is in nats. A metric is the mean over its images, so that one
bootstrap serves all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prefclip.attacks.looks import PAINTED

CLEAN = "clean"
TYPOGRAPHIC = "typographic"
INK = "ink"


def under(images: str, condition: str = PAINTED) -> str:
    """Attacked images, or those under ink, of one condition: `typographic`, or `typographic:slip`."""
    return images if condition == PAINTED else f"{images}:{condition}"


def kind_and_condition(images: str) -> tuple[str, str]:
    """The inverse of :func:`under`."""
    kind, _, condition = images.partition(":")
    return kind, condition or PAINTED


@dataclass(frozen=True)
class Metric:
    """One entry of `METRICS`: the mean of what it takes from rows of the predictions (`long_form.PREDICTIONS`).

    ``images``: on which it is defined. ``measure``: a column, or ``column = column``: 1 where two are equal, else 0.
    ``without``: values of columns whose rows do not enter the mean. ``bounds``: smallest and largest possible value.
    ``unit``: ``share`` (0–1) or ``nats``.
    """

    images: tuple[str, ...]
    measure: str
    without: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[float, float] = (0.0, 1.0)
    unit: str = "share"

    def is_defined_on(self, images: str) -> bool:
        """Whether images of this kind have it, under whatever condition."""
        return kind_and_condition(images)[0] in self.images

    def per_image(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """One number per row of the predictions, (N,)."""
        column, _, other = self.measure.partition(" = ")
        values = rows[column].to_numpy()
        return (values == rows[other].to_numpy() if other else values).astype(np.float64)


METRICS = MappingProxyType(
    {
        "accuracy": Metric((CLEAN, INK, TYPOGRAPHIC), "predicted = label"),
        # SamplingTAR's text confusion rate (arXiv 2607.02494): right and otherwise wrong answers both count against it.
        # A written word that is no candidate name has no label, and its photographs are left out of account.
        "text_confusion": Metric((INK, TYPOGRAPHIC), "predicted = word_label", without={"word_label": -1}),
        "retention_kl": Metric((CLEAN,), "retention_kl", bounds=(0.0, np.inf), unit="nats"),
    }
)
