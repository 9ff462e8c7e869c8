"""Every number of a run with its doubt: per seed, on the real images and on resamples of them.

A table cell, a difference, a mean over data sets and a ratio are all plain arithmetic on arrays of shape (S, 1 + B):
one row per seed, column 0 measured on the images as they are, the others on B resamples. All methods, weights and seeds
share the resampled images of a data set, so a difference between two methods is a paired one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.evaluation.intervals import Estimate, bootstrap_means, combined_estimate
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.metrics import CLEAN, METRICS, TYPOGRAPHIC
from prefclip.evaluation.selection import image_kinds
from prefclip.reporting.traced import Traced, averaged_over, below_run, mean_of
from prefclip.run.files import RunFiles
from prefclip.run.plan import method_runs
from prefclip.seeds import generator_for
from prefclip.table import Source

RAW = "raw"
AVERAGED = "averaged"
REFERENCE = "clip"
Samples = NDArray[np.float64]


class EstimateError(PrefclipError):
    """Predictions that do not belong together, or a number that the run does not hold."""


@dataclass(frozen=True)
class Estimates:
    """The numbers of one run.

    ``samples``: (method, weights, dataset, images, metric) → array (S, 1 + B). ``images``: (dataset, images) → number
    of images scored; with a metric, how many of them enter it if not all. ``confidence``: level of the intervals.
    ``files``: method → seed → its predictions, named below the run; seeds in the order of the rows of ``samples``.
    """

    samples: dict[tuple[str, str, str, str, str], Samples]
    images: dict[tuple[str, ...], int]
    confidence: float
    files: dict[str, dict[int, str]] = field(default_factory=dict)

    def of(
        self, method: str, weights: str, datasets: str | Sequence[str], images: str, metric: str = "accuracy"
    ) -> Samples:
        """One metric, (S, 1 + B); with several data sets their unweighted mean. Raises EstimateError."""
        names = [datasets] if isinstance(datasets, str) else list(datasets)
        return np.mean([self._one(method, weights, name, images, metric) for name in names], axis=0)

    def traced(
        self,
        method: str,
        weights: str,
        datasets: str | Sequence[str],
        images: str,
        metric: str = "accuracy",
        seeds: Sequence[int] | None = None,
    ) -> Traced:
        """The same with the rows that it comes from; of some ``seeds`` alone. Raises EstimateError."""
        samples, files = self.of(method, weights, datasets, images, metric), self.files[method]
        missing = [str(seed) for seed in seeds or () if seed not in files]
        if missing:
            raise EstimateError(f"{method} has no run with seed {missing[0]} to compare with; add it to seeds.")
        if seeds is not None:
            samples, files = samples[[list(files).index(seed) for seed in seeds]], {seed: files[seed] for seed in seeds}
        names = [datasets] if isinstance(datasets, str) else list(datasets)
        without = dict(METRICS[metric].without)
        sources = [
            Source(file=file, where={"weights": weights, "dataset": name, "images": images}, without=without)
            for name in names
            for file in files.values()
        ]
        words = f"{metric} of {method} ({weights}) on {images} images of {averaged_over(len(files), names)}"
        return Traced(samples, mean_of(METRICS[metric].measure, words, *sources))

    def measured(
        self,
        method: str,
        weights: str,
        place: tuple[Sequence[str], str, str],
        seeds: Sequence[int] | None = None,
        against: tuple[str, str] | None = None,
    ) -> tuple[Estimate, Traced]:
        """What stands at ``place`` (data sets, images, metric), or its paired difference to the method and weights
        ``against``, with its interval. Raises EstimateError.
        """
        traced = self.traced(method, weights, *place, seeds)
        if against is None:
            return self.estimate(traced.samples, METRICS[place[-1]].bounds), traced
        traced -= self.traced(*against, *place, seeds)
        return self.estimate(traced.samples), traced

    def _one(self, *key: str) -> Samples:
        try:
            return self.samples[key]
        except KeyError as error:
            method, weights, dataset, images, metric = key
            raise EstimateError(
                f"no {metric} of {method} ({weights}) on {images} images of {dataset}; "
                "run `prefclip evaluate` for it with this configuration."
            ) from error

    def estimate(self, samples: Samples, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Estimate:
        """Value and interval of whatever was computed from :meth:`of`.

        A ratio whose denominator is zero is NaN: on the real images, value and interval are NaN too; on resamples,
        these are left out, and the interval is NaN if they are more than half.
        """
        if not np.isfinite(samples[:, 0]).all():
            return Estimate(np.nan, np.nan, np.nan)
        sound = np.isfinite(samples).all(axis=0)
        if sound.mean() < 0.5:
            return Estimate(float(samples[:, 0].mean()), np.nan, np.nan)
        samples = samples[:, sound]
        return combined_estimate(samples[:, 0], samples[:, 1:], self.confidence, bounds)

    def count(self, datasets: str | Sequence[str], images: str, metric: str = "accuracy") -> int:
        """How many images enter, all data sets together."""
        names = [datasets] if isinstance(datasets, str) else datasets
        return sum(self.images.get((name, images, metric), self.images[name, images]) for name in names)

    def has(self, method: str, weights: str) -> bool:
        """Whether the run holds these weights of a method."""
        return any(key[:2] == (method, weights) for key in self.samples)


def headline_weights(config: Config, method: str) -> str:
    """The weights that stand for a method: averaged where it averages, else the last iterate."""
    return config.every_method[method].kept_weights[-1] if method in config.every_method else RAW


def seeds_of(config: Config, method: str) -> tuple[int, ...]:
    """Seeds of a method; the untouched model has one."""
    return (0,) if method == REFERENCE else config.seeds


def read_estimates(
    config: Config,
    layout: RunFiles,
    runs: Iterable[tuple[str, int]] | None = None,
    datasets: Sequence[str] | None = None,
    validation: bool = False,
) -> Estimates:
    """Read the predictions of a run and resample its images: of all main methods and seeds, or of those in ``runs``, on
    all data sets or the given ones; of test images, or of those for ``validation``.

    Raises TableError for a missing or damaged file, EstimateError when runs scored different images.
    """
    frames = []
    files: dict[str, dict[int, str]] = {}
    for method, seed in [run[1:] for run in method_runs(config)] if runs is None else runs:
        path = (layout.validation if validation else layout.predictions)(config.model.key, method, seed)
        frames.append((method, seed, path, read_predictions(path)))
        files.setdefault(method, {})[seed] = below_run(layout, path)
    samples: dict = {}
    counts: dict = {}
    for dataset in config.datasets if datasets is None else datasets:
        for images in (CLEAN, TYPOGRAPHIC) if validation else image_kinds(config, dataset):
            columns, clusters, candidates = _columns(frames, dataset, images)
            values = np.stack([*columns.values(), candidates], axis=1)
            # One generator per data set: all versions of all renderings of a drawing are picked together.
            generator, drawn = generator_for(dataset, "table bootstrap"), config.evaluation.bootstrap_samples
            draws = bootstrap_means(values, generator, groups=clusters, samples=drawn)
            both = np.concatenate([values.mean(axis=0)[None], draws]).T
            counts[dataset, images] = len(values)
            counts[dataset, images, "text_confusion"] = int(candidates.sum())
            places: dict = {}
            for place, (method, _, weights, metric) in enumerate(columns):
                places.setdefault((method, weights, metric), []).append(place)
            for (method, weights, metric), rows in places.items():
                share = both[-1] if metric == "text_confusion" else 1.0
                samples[method, weights, dataset, images, metric] = both[rows] / share
    return Estimates(samples, counts, config.evaluation.confidence, files)


def _columns(frames: list, dataset: str, images: str) -> tuple[dict, NDArray[np.str_], NDArray[np.float64]]:
    """One column of per-image numbers for each (method, seed, weights, metric), the clusters that images are resampled
    in, and whether the word on each image is a candidate name (1.0 or 0.0).
    """
    columns: dict = {}
    first = None
    for method, seed, path, frame in frames:
        chosen = frame[(frame["dataset"] == dataset) & (frame["images"] == images)]
        if chosen.empty:
            raise EstimateError(
                f"{path}: holds no {images} images of {dataset}; run `prefclip evaluate` again with this configuration."
            )
        for weights, rows in chosen.groupby("weights", observed=True):
            rows = rows.sort_values("id", kind="stable")
            identity = rows["id"].to_numpy()
            if first is None:
                candidates = (rows["word_label"].to_numpy() >= 0).astype(np.float64)
                first = (path, identity, rows["cluster"].to_numpy(), candidates)
            elif not np.array_equal(identity, first[1]):
                raise EstimateError(
                    f"{path}: its {weights} weights scored other {images} images of {dataset} than {first[0]}; "
                    "evaluate both again on the same manifest."
                )
            for name, metric in METRICS.items():
                if metric.is_defined_on(images):
                    columns[method, seed, weights, name] = metric.per_image(rows)
    return columns, first[2], first[3]
