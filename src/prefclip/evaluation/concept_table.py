"""Numbers of concept maps in long form: one row for each t, part of the images, group and metric."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from prefclip.config import EvaluationConfig
from prefclip.datasets.parquet_tables import TableError, read_table, write_table
from prefclip.evaluation.intervals import bootstrap_means, percentile_bounds
from prefclip.seeds import generator_for

CONCEPT_TABLE = pa.schema(
    [
        ("run_id", pa.string()),
        ("model", pa.string()),
        ("map", pa.string()),  # its name in the configuration
        ("concept", pa.string()),  # reading | gender
        ("seed", pa.int64()),
        ("dataset", pa.string()),
        ("images", pa.string()),  # clean | typographic | words
        ("part", pa.string()),  # test, or a part of `preferences.gender_parts`
        ("axis", pa.string()),  # all | gender | kind | concept | tone
        ("group", pa.string()),  # all, woman, occupations, judge, dark, …
        ("t", pa.float64()),  # NaN: the untouched CLIP, without any map
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("n", pa.int64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
    ]
)
ORDER = ("run_id", "dataset", "images", "part", "axis", "group", "metric", "t")
REMEDY = "make it again with `prefclip sweep-concept`"
ALL, TEST = "all", "test"
WORDS = "words"  # pictures of a word alone
# What is drawn at random instead of measured: a part of its own.
CHANCE = "chance"


class Place(NamedTuple):
    """What a number is about: columns of CONCEPT_TABLE."""

    dataset: str
    images: str
    part: str
    axis: str = ALL
    group: str = ALL


class Draws(NamedTuple):
    """A mean of ``n`` images and those of their resamples, (B,)."""

    value: float
    means: NDArray[np.float64]
    n: int


class ConceptRows:
    """Collects rows of one map; intervals are seeded by what a number is about, not by the order of calls."""

    def __init__(self, model: str, name: str, concept: str, seed: int, settings: EvaluationConfig):
        self.run_id = f"{model}/concept/{name}/seed{seed}"
        self.fixed = {"run_id": self.run_id, "model": model, "map": name, "concept": concept, "seed": seed}
        self.settings = settings
        self.rows: list[dict] = []

    def mean(
        self, place: Place, t: float, metric: str, values: ArrayLike, groups: ArrayLike | None = None
    ) -> Draws | None:
        """Add the mean of ``values`` (N,), one per image or query, with its bootstrap interval; none for N = 0.

        Images of one of the ``groups`` (N,) are resampled together. Returns what :meth:`mean_of` takes.
        """
        values = np.asarray(values, dtype=np.float64)
        if not len(values):
            return None
        # The same resamples at every t: a curve over t is then not rougher than its images make it.
        generator = generator_for(self.run_id, *place, metric, "concept bootstrap")
        samples = self.settings.bootstrap_samples
        means = bootstrap_means(values[:, None], generator, groups=groups, samples=samples)[:, 0]
        drawn = Draws(float(values.mean()), means, len(values))
        self.mean_of(place, t, metric, [drawn])
        return drawn

    def mean_of(self, place: Place, t: float, metric: str, parts: Sequence[Draws]) -> None:
        """Add the unweighted mean of the means of several sets; its interval is that of the mean of their resamples."""
        value = float(np.mean([part.value for part in parts]))
        low, high = percentile_bounds(np.mean([part.means for part in parts], axis=0), self.settings.confidence)
        self.number(place, t, metric, value, sum(part.n for part in parts), min(low, value), max(high, value))

    def number(
        self, place: Place, t: float, metric: str, value: float, n: int, low: float = np.nan, high: float = np.nan
    ) -> None:
        """Add a number whose interval was made elsewhere, or that has none."""
        measured = {"t": t, "metric": metric, "value": value, "n": n, "ci_low": low, "ci_high": high}
        self.rows.append({**self.fixed, **place._asdict(), **measured})

    def write(self, path: str | Path) -> None:
        """Write all rows in ORDER, whole or not at all."""
        frame = pd.DataFrame(self.rows, columns=CONCEPT_TABLE.names)
        frame = frame.sort_values(list(ORDER), kind="stable", ignore_index=True)
        write_table(path, pa.Table.from_pandas(frame, schema=CONCEPT_TABLE, preserve_index=False))


def read_concept_table(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read tables as one. Raises TableError naming a file that is missing, damaged or of another kind."""
    return pd.concat([read_table(path, CONCEPT_TABLE.names, REMEDY) for path in paths], ignore_index=True)


def read_neutral(path: str | Path) -> dict:
    """Read the neutral t of a gender map: the fields of NeutralScale, and how it was chosen.

    Raises TableError naming a file that is missing or damaged.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TableError(f"{path}: no such file; {REMEDY}.") from error
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: not a readable JSON file ({error}); {REMEDY}.") from error
    if not isinstance(found, dict) or "t" not in found:
        raise TableError(f"{path}: key 't' is missing; {REMEDY}.")
    return found
