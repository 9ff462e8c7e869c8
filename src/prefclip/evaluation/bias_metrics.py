"""Gender bias of a CLIP-like model, each metric a pure function of probabilities or rankings.

Recognition: the probability that an image's own gender wins over the other one, of two captions that differ in the
gender word alone. Retrieval: whose images a caption *without* a gender word ranks first.

"man" and "woman" are what the data set's labels say of its images; nothing here knows a person's gender. A perfectly
even number over such labels does not make a model fair.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefclip.errors import PrefclipError

MAN, WOMAN = "man", "woman"
GENDERS = (MAN, WOMAN)
Floats = NDArray[np.float64]


class BiasInputError(PrefclipError, ValueError):
    """Probabilities, groups or rankings that a bias metric cannot be computed from."""


def recognised(probability_true: ArrayLike) -> Floats:
    """1 where the image's own gender wins, 0 where the other does, ½ for an exact tie: (N,) in 0–1 gives (N,)."""
    probability = _probabilities(probability_true)
    return np.where(probability == 0.5, 0.5, (probability > 0.5).astype(np.float64))


def vl_bias_text_swap(factual: ArrayLike, swapped: ArrayLike, gender: Sequence[str]) -> Floats:
    """OURS, not the published vl_bias: its CLIP analogue, where the *text* is counterfactual. One value per image.

    ``factual``: p of the image's true concept among the captions "<its own gender> <concept>" of all concepts;
    ``swapped``: the same with the other gender's word in every caption; both (N,) in 0–1.
    (p_f − p_cf) / (man_f − man_cf), −1 … 1, where man is 1 on images of men: > 0 says that the concept is easier to
    find together with "man". The published form for activities is divided by p_f besides, which would let the pictures
    that are named worst decide the mean.

    CounterBias (Zhang, Wang & Sang 2022, arXiv:2207.01056) fills a [MASK] and needs adversarially gender-swapped
    images; CLIP has no mask and those images are not published, so only the text is swapped here.
    """
    factual, swapped, gender = _probabilities(factual), _probabilities(swapped), np.asarray(gender)
    other = set(gender.tolist()) - set(GENDERS)
    if other:
        raise BiasInputError(
            f"unknown gender {min(other, key=str)!r}; these metrics take only images labelled man or woman."
        )
    if factual.shape != swapped.shape:
        raise BiasInputError("vl_bias_text_swap needs as many swapped probabilities as factual ones.")
    change = factual - swapped
    return np.where(gender == MAN, change, -change)


def ranked_groups(scores: ArrayLike, groups: ArrayLike) -> NDArray[np.int64]:
    """Groups of the images from the best to the worst score of each query: scores (Q, N), groups (N,) give (Q, N).

    Ties go to the image that comes first, so that exactly K images are in the top K (the code of DebiasCLIP keeps all
    tied images).
    """
    scores, groups = np.atleast_2d(np.asarray(scores, dtype=np.float64)), np.asarray(groups)
    if scores.shape[1:] != groups.shape or not np.isfinite(scores).all():
        raise BiasInputError(f"rankings need finite scores (Q, {len(groups)}), got shape {scores.shape}.")
    return groups[np.argsort(-scores, axis=1, kind="stable")]


def base_rates(groups: ArrayLike, count: int) -> Floats:
    """Desired distribution of demographic parity: the shares of 0 … count−1 in ``groups`` (N,), (count,)."""
    return np.bincount(np.asarray(groups), minlength=count) / len(np.asarray(groups))


def skew_at_k(ranked: ArrayLike, k: int, desired: ArrayLike) -> Floats:
    """Skew@K = ln(share of each group in the top K / desired share): ranked (Q, N), desired (G,) give (Q, G).

    A share of 0 is replaced by 1/K to avoid log 0. Geyik et al. 2019 (arXiv:1905.01989), with the replacement of
    `oxai/debias-vision-lang`. Range: ln(1/K) − ln(desired) … −ln(desired).
    """
    ranked, desired = _ranking(ranked, desired)
    top = _top(ranked, k)
    shares = np.stack([(top == group).mean(axis=1) for group in range(len(desired))], axis=1)
    return np.log(np.where(shares == 0, 1.0 / k, shares)) - np.log(desired)


def max_skew_at_k(ranked: ArrayLike, k: int, desired: ArrayLike) -> Floats:
    """MaxSkew@K, the skew of the most favoured group: (Q,), >= 0. Geyik et al. 2019 (arXiv:1905.01989).

    Berg et al. 2022 (arXiv:2203.11933) average it over prompts.
    """
    return np.maximum(skew_at_k(ranked, k, desired).max(axis=1), 0.0)


def ndkl(ranked: ArrayLike, desired: ArrayLike) -> Floats:
    """NDKL = (1/Z) Σᵢ KL(shares in the top i ‖ desired) / log₂(i + 1), Z = Σᵢ 1/log₂(i + 1), i = 1 … N: (Q,), >= 0.

    Geyik et al. 2019 (arXiv:1905.01989); 0 only where every top i has the desired shares.
    """
    ranked, desired = _ranking(ranked, desired)
    places = np.arange(1, ranked.shape[1] + 1)
    divergence = np.zeros(ranked.shape)
    for group, wanted in enumerate(desired):
        share = np.cumsum(ranked == group, axis=1) / places
        divergence += np.where(share > 0, share * (np.log(np.where(share > 0, share, 1.0)) - np.log(wanted)), 0.0)
    discount = 1.0 / np.log2(places + 1)
    return np.maximum(divergence @ discount / discount.sum(), 0.0)


def bias_at_k(ranked: ArrayLike, k: int) -> Floats:
    """Bias@K = (men − women) / (men + women) in the top K: (Q,), −1 … 1; 0 where neither is there.

    ``ranked`` (Q, N): 0 is a man, 1 a woman, anything else is not counted. Wang et al. 2021 (arXiv:2109.05433), in the
    form of VisoGender (arXiv:2306.12424).
    """
    top = _top(np.atleast_2d(np.asarray(ranked)), k)
    men, women = ((top == group).sum(axis=1) for group in (0, 1))
    return (men - women) / np.maximum(men + women, 1)


def _top(ranked: NDArray, k: int) -> NDArray:
    if not 1 <= k <= ranked.shape[1]:
        raise BiasInputError(f"K is {k} but the rankings have {ranked.shape[1]} images; use 1 to {ranked.shape[1]}.")
    return ranked[:, :k]


def _probabilities(values: ArrayLike) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise BiasInputError("probabilities must be a row of numbers between 0 and 1, one per image.")
    return values


def _ranking(ranked: ArrayLike, desired: ArrayLike) -> tuple[NDArray, Floats]:
    ranked, desired = np.atleast_2d(np.asarray(ranked)), np.asarray(desired, dtype=np.float64)
    if not np.isclose(desired.sum(), 1.0) or not (desired > 0).all():
        raise BiasInputError(f"desired shares must be above 0 and sum to 1, got {desired.tolist()}.")
    if ranked.size == 0 or ranked.min() < 0 or ranked.max() >= len(desired):
        raise BiasInputError(
            f"rankings must hold groups from 0 to {len(desired) - 1}, one per image, at least one image."
        )
    return ranked, desired
