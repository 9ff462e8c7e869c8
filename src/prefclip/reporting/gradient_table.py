"""The table of gradients: the gradient lemma on single test pictures."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prefclip.config import Config
from prefclip.evaluation.intervals import bootstrap_means, combined_estimate
from prefclip.evaluation.metrics import TYPOGRAPHIC
from prefclip.evaluation.pair_gradients import start_weights
from prefclip.reporting.estimates import REFERENCE, headline_weights
from prefclip.reporting.gradient_numbers import drawings_of, objective_of, read_pair_gradients
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.traced import Numbers, Origin, averaged_over, below_run, mean_of
from prefclip.run.files import RunFiles
from prefclip.seeds import generator_for
from prefclip.table import SHARE, Row, Source, Table

# What each number is the mean of over pictures, its unit, and the smallest and largest possible value.
MEASURES = {
    "formula_holds": (lambda found: found.agrees, SHARE, (0.0, 1.0)),
    "along": (lambda found: np.abs(found.cosine), "cosine", (0.0, 1.0)),
    "share_reversed": (lambda found: (found.cosine < 0).astype(np.float64), SHARE, (0.0, 1.0)),
    "weight_true": (lambda found: found.weight_true, "per nat", (-np.inf, np.inf)),
    "weight_written": (lambda found: found.weight_written, "per nat", (-np.inf, np.inf)),
}
TOWARDS, AWAY = "weight, true name", "weight, written word"
HEADER = [
    ("", "as the formula"),
    ("", "along T(y_w) − T(y_l)"),
    ("", "pulled back"),
    *((above, below) for above in (TOWARDS, AWAY) for below in ("start", "mean", "5 to 95 %")),
]
FACTS = ("start", "p5", "p95")


def gradient_table(config: Config, layout: RunFiles, name: str, methods: Sequence[str]) -> Table:
    """A row for each of ``methods``. Raises TableError, TensorFileError, EstimateError."""
    numbers, rows, drawings = Numbers(), [], drawings_of(config, layout)
    for method, found in read_pair_gradients(config, layout, methods).items():
        cells = []
        start = dict(zip(("weight_true", "weight_written"), start_weights(objective_of(config, method)), strict=True))
        for metric, (measure, unit, bounds) in MEASURES.items():
            values = np.stack([measure(of_seed) for of_seed in found])
            estimate = combined_estimate(
                values.mean(axis=1),
                _draws(config, values, drawings),
                bounds=bounds,
                confidence=config.evaluation.confidence,
            )
            facts = {}
            if metric in start:
                facts = dict(zip(FACTS, (start[metric], *np.quantile(values, (0.05, 0.95))), strict=True))
            keys = {"method": method, "weights": headline_weights(config, method), "dataset": config.data.train}
            keys |= {"images": TYPOGRAPHIC, "metric": metric}
            origin = _origin(config, layout, method, metric)
            n, seeds = values.shape[1], len(values)
            cell = numbers.add(keys, estimate, origin, n=n, seeds=seeds, unit=unit, facts=facts)
            cells += (
                [_text(facts["start"]), cell, f"{_text(facts['p5'])} to {_text(facts['p95'])}"] if facts else [cell]
            )
        rows.append(Row(label=method_label(method), cells=cells))
    columns = [*numbers.listed[0].keys, "value", "ci_low", "ci_high", "n", "seeds", *FACTS]
    return numbers.table(name, _caption(config), HEADER, rows, "Method", columns=columns)


def _draws(config: Config, values: NDArray[np.float64], drawings: NDArray[np.str_]) -> NDArray[np.float64]:
    """Means of values (S, N) on resamples, (S, B): all renderings of a drawing are picked together."""
    generator, samples = generator_for(config.data.train, "table bootstrap"), config.evaluation.bootstrap_samples
    return bootstrap_means(values.T, generator, groups=drawings, samples=samples).T


def _origin(config: Config, layout: RunFiles, method: str, metric: str) -> Origin:
    files = [layout.embeddings(config.model.key, method), layout.embeddings(config.model.key, REFERENCE)]
    file, *beside = (below_run(layout, path) for path in (*files, layout.manifest(config.data.train)))
    sources = [Source(file=file, where={"seed": seed}, beside=beside) for seed in config.seeds]
    averaged = averaged_over(len(sources), [config.data.train])
    return mean_of(metric, f"{metric} of the loss of {method} on attacked images of {averaged}", *sources)


def _text(value: float) -> str:
    return f"{value + 0.0:.3f}".replace("-", "−")


def _caption(config: Config) -> str:
    return (
        "The gradient lemma on single pictures: what one step of gradient descent on the preference term does to the "
        f"image embedding of attacked test pictures of {dataset_label(config.data.train)}, by autograd in float64. As "
        "the formula: share of pictures (%) on which that is the loss's two weights times T(y) − the mean text under "
        "the model, towards the true name y_w and away from the written word y_l. Along: mean cosine, either way, with "
        "T(y_w) − T(y_l); 1 where the two weights are equal. Pulled back: share (%) moved against it. Weights per nat: "
        "before training, where every picture has the same; after it, mean and the middle 90 % of pictures. KTO's "
        "reference point is that of all these pictures. Averaged weights where a method averages; ± half-width of the "
        f"{100 * config.evaluation.confidence:g} % interval: bootstrap over drawings, spread over seeds."
    )
