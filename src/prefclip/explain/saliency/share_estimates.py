"""What saliency scores say: means over images with intervals, for each model and against the untouched one."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prefclip.config import EvaluationConfig
from prefclip.evaluation.intervals import Estimate, bootstrap_means, combined_estimate
from prefclip.explain.saliency import SaliencyError
from prefclip.seeds import generator_for
from prefclip.table import DIFFERENCE, VALUE

SHARE, POINTING, AREA = "share_in_box", "pointing_game", "box_area"
MEASURES = (SHARE, POINTING, AREA)
REFERENCE = "clip"
PLACE = ["dataset", "explainer", "target"]


def share_estimates(scores: pd.DataFrame, settings: EvaluationConfig) -> pd.DataFrame:
    """Every measure of every method over its seeds, and its paired difference to the untouched clip.

    ``scores``: SCORES of all methods of a run. Columns: method, weights, kind (value | difference), dataset, explainer,
    target, measure, value, ci_low, ci_high, n, seeds, left_out. A difference is method − clip image by image, < 0 where
    the method looks less at the word. Intervals count images and seeds, as those of the tables; ``left_out`` are the
    ids of images without a number under any seed, and ``n`` counts the others.

    Raises SaliencyError if models explained other images, or clip is missing.
    """
    rows = []
    for key, group in scores.groupby(PLACE, sort=True):
        methods = {which: _by_seed(part) for which, part in group.groupby(["method", "weights"], sort=True)}
        reference = next((found for (method, _), found in methods.items() if method == REFERENCE), None)
        if reference is None:
            raise SaliencyError(f"saliency: no scores of the untouched clip on {key[0]}; measure it first.")
        for (method, weights), found in methods.items():
            if not found[SHARE].index.equals(reference[SHARE].index):
                raise SaliencyError(
                    f"saliency: {method} explained other images of {key[0]} than clip; measure both again with the "
                    "same saliency.images."
                )
            place = {"method": method, "weights": weights, **dict(zip(PLACE, key, strict=True))}
            for kind, measure, values, bounds in _numbers(found, None if method == REFERENCE else reference):
                whole = np.isfinite(values).all(axis=1)
                if not whole.any():
                    continue
                left_out, values = tuple(found[measure].index[~whole]), values[whole]
                estimate = _estimate(values, (*key, measure), bounds, settings)
                row = {**place, "kind": kind, "measure": measure, "n": len(values), "seeds": values.shape[1]}
                row |= {"left_out": left_out}
                rows.append({**row, "value": estimate.value, "ci_low": estimate.low, "ci_high": estimate.high})
    return pd.DataFrame(rows)


def _by_seed(part: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each measure as images × seeds."""
    return {measure: part.pivot(index="id", columns="seed", values=measure).sort_index() for measure in MEASURES}


def _numbers(
    found: dict[str, pd.DataFrame], reference: dict[str, pd.DataFrame] | None
) -> Iterator[tuple[str, str, NDArray[np.float64], tuple[float, float]]]:
    """Kind, measure, numbers (images, seeds) and their bounds."""
    for measure in MEASURES:
        values = found[measure].to_numpy()
        yield VALUE, measure, values, (0.0, 1.0)
        if reference is not None and measure != AREA:
            yield DIFFERENCE, measure, values - reference[measure].to_numpy(), (-1.0, 1.0)


def _estimate(
    values: NDArray[np.float64], key: tuple[str, ...], bounds: tuple[float, float], settings: EvaluationConfig
) -> Estimate:
    # All methods share one generator, and so the resampled images.
    draws = bootstrap_means(values, generator_for(*key, "saliency bootstrap"), samples=settings.bootstrap_samples)
    return combined_estimate(values.mean(axis=0), draws.T, settings.confidence, bounds)
