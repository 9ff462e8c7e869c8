"""What a model makes of a picture: the probability of each label, and where it looks for one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from prefclip.evaluation.scoring import class_logits
from prefclip.explain.saliency.explainers import explain
from prefclip.explain.saliency.text_logit import TextLogit
from prefclip.models.loading import LoadedModel
from prefclip.models.text_features import ClassPrompts, text_features
from prefclip.training.numerics import declared_numerics

PICTURES_AT_ONCE = 64


@dataclass(frozen=True)
class Explanation:
    """One model on one picture.

    ``probabilities``: of each label, float64 (K,), sum 1. ``target``: place of the label that the map is for.
    ``saliency``: what raises the target's logit, float32 (H, W) in 0–1, 1 where it is strongest; all 0 where nothing
    does. ``strength``: what 1 stands for, in the unit of the explainer; ``saliency * strength`` of two models with the
    same target share a scale if the explainer is occlusion or integrated gradients.
    """

    probabilities: NDArray[np.float64]
    target: int
    saliency: NDArray[np.float32]
    strength: float

    def top(self, count: int) -> list[tuple[int, float]]:
        """The ``count`` likeliest labels as (place, probability), best first; ties in label order."""
        best = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(place), float(self.probabilities[place])) for place in best]


def label_probabilities(
    loaded: LoadedModel, pictures: NDArray[np.uint8], classes: ClassPrompts, threads: int | None = None
) -> NDArray[np.float64]:
    """Probabilities (N, K) of the K labels for N pictures; arguments as in :func:`explain_pictures`."""
    with declared_numerics("fp32", threads):
        return _probabilities(loaded, pictures, text_features(loaded, classes))


def explain_pictures(
    loaded: LoadedModel,
    pictures: NDArray[np.uint8],
    classes: ClassPrompts,
    targets: Sequence[int] | None = None,
    explainer: str = "occlusion",
    threads: int | None = None,
) -> list[Explanation]:
    """Probabilities of all labels, and a saliency map for one of them, of N pictures.

    ``pictures``: uint8 (N, H, W, 3) at the model's size. ``classes``: the labels as captions, a `ClassList` for one.
    ``targets``: the label that each map is for, each picture's likeliest unless given. ``explainer``: a key of
    EXPLAINERS. Turns the gradients of the model's weights off. The same ``threads`` give the same bytes.

    Raises SaliencyError for an explainer that does not exist or fit the model, ImageShapeError for other pictures,
    ScoringError for damaged weights.
    """
    logit = TextLogit(loaded)
    with declared_numerics("fp32", threads):
        texts = text_features(loaded, classes)
        probabilities = _probabilities(loaded, pictures, texts)
        places = probabilities.argmax(axis=1) if targets is None else np.asarray(targets, dtype=np.int64)
        maps = explain(explainer, logit, pictures, texts[torch.from_numpy(places)], PICTURES_AT_ONCE)
    positive = np.maximum(maps, 0)
    strength = positive.max(axis=(1, 2))
    saliency = positive / np.where(strength > 0, strength, np.float32(1))[:, None, None]
    return [
        Explanation(*parts) for parts in zip(probabilities, places.tolist(), saliency, strength.tolist(), strict=True)
    ]


@torch.no_grad()
def _probabilities(loaded: LoadedModel, pictures: NDArray[np.uint8], texts: torch.Tensor) -> NDArray[np.float64]:
    logits = class_logits(loaded, texts, pictures, np.arange(len(pictures)), PICTURES_AT_ONCE)
    return torch.softmax(logits.double(), dim=1).numpy()
