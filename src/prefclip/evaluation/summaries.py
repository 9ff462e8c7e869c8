"""From predictions to metrics in long form."""

import pandas as pd

from prefclip.config import EvaluationConfig
from prefclip.evaluation.intervals import bootstrap_interval
from prefclip.evaluation.long_form import METRICS_ORDER, METRICS_TABLE
from prefclip.evaluation.metrics import METRICS
from prefclip.seeds import generator_for


def run_id_of(experiment: str, model: str, method: str, seed: int) -> str:
    """``<experiment>/<model>/<method>/seed<k>``, the name of one evaluated run."""
    return f"{experiment}/{model}/{method}/seed{seed}"


def summarise(
    predictions: pd.DataFrame, experiment: str, model: str, method: str, seed: int, settings: EvaluationConfig
) -> pd.DataFrame:
    """Metrics of one run, columns of METRICS_TABLE: each metric of each weights, data set and kind of images.

    The interval comes from a bootstrap over images (clean image and attacked variants are picked together), seeded by
    run, weights, data set, images and metric: neither the order of rows nor the presence of other sets changes it.
    ``n`` is the number of images that enter the mean; a metric without any (``word_among_errors`` of a model that makes
    no error) has no row.
    """
    run_id = run_id_of(experiment, model, method, seed)
    rows = []
    for (weights, dataset, images), scored in predictions.groupby(
        ["weights", "dataset", "images"], sort=True, observed=True
    ):
        scored = scored.sort_values("id", kind="stable")
        for name, metric in METRICS.items():
            if images not in metric.images:
                continue
            counted = scored[metric.among(scored)]
            if counted.empty:
                continue
            twins = counted["clean_id"]
            estimate = bootstrap_interval(
                metric.per_image(counted),
                generator_for(run_id, weights, dataset, images, name, "bootstrap"),
                groups=None if twins.is_unique else pd.factorize(twins, sort=True)[0],
                samples=settings.bootstrap_samples,
                confidence=settings.confidence,
            )
            rows.append(
                {
                    "run_id": run_id,
                    "model": model,
                    "method": method,
                    "weights": weights,
                    "seed": seed,
                    "dataset": dataset,
                    "images": images,
                    "metric": name,
                    "value": estimate.value,
                    "n": len(counted),
                    "ci_low": estimate.low,
                    "ci_high": estimate.high,
                }
            )
    frame = pd.DataFrame(rows, columns=METRICS_TABLE.names)
    return frame.sort_values(list(METRICS_ORDER), kind="stable", ignore_index=True)
