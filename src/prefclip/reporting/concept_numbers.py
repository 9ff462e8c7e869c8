"""The numbers of the concept maps of a run, at the powers that tables show."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prefclip.config import Config
from prefclip.evaluation.concept_table import CHANCE, CONCEPT_TABLE, read_concept_table, read_neutral
from prefclip.evaluation.intervals import Estimate, over_seeds
from prefclip.evaluation.spectrum_table import read_distances
from prefclip.reporting.traced import Origin, averaged_over, below_run, mean_of
from prefclip.run.files import RunFiles
from prefclip.run.plan import concept_runs
from prefclip.table import Source

UNTOUCHED, NEUTRAL = "untouched", "neutral"
SHOWN_SCALES = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0)
KEYS = ("map", "at", "images", "part", "axis", "group", "metric")
PLACE = ("dataset", "images", "part", "axis", "group", "t", "metric")


class Measured(NamedTuple):
    """One number with what it was computed from; ``n`` pictures or captions, each with ``seeds`` seeds."""

    estimate: Estimate
    origin: Origin
    n: int
    seeds: int


@dataclass(frozen=True)
class ConceptNumbers:
    """What was measured of the maps of one concept: ``rows`` of CONCEPT_TABLE of all maps and seeds, with ``file``, and
    ``at``: how the tables call a row's t, empty for other t. ``found_neutral``: by map, whether each seed's neutral t
    is one.
    """

    rows: pd.DataFrame
    found_neutral: dict[str, list[bool]] = field(default_factory=dict)

    @cached_property
    def _places(self) -> dict[tuple, NDArray[np.int64]]:
        return self.rows.groupby(list(KEYS), sort=False).indices

    def powers(self, name: str) -> list[str]:
        """How the shown t of a map are called, the untouched CLIP first and the neutral t last."""
        own = self.rows[(self.rows["map"] == name) & (self.rows["at"] != "")]
        order = [UNTOUCHED, *map(power_name, SHOWN_SCALES), NEUTRAL]
        chance = [CHANCE] if (own["part"] == CHANCE).any() else []
        return [at for at in order if at in set(own["at"])] + chance

    def called(self, name: str, at: str) -> str:
        """How a shown t is called: the neutral one only where it is that, for all seeds."""
        found = self.found_neutral.get(name, [])
        if at != NEUTRAL or all(found):
            return at
        return f"nearest to neutral ({sum(found) or 'none'} of {len(found)} found)"

    def line(self, name: str, at: str, dataset: str, confidence: float, **where: str) -> Measured | None:
        """One metric of a map on a data set, the mean over seeds; None without any row.

        ``where``: images, part, axis, group and metric. The interval joins that over pictures, the mean of the seeds',
        and the spread over seeds (`intervals.over_seeds`).
        """
        key = (name, at, *(where[column] for column in KEYS[2:]))
        rows = self.rows.iloc[self._places.get(key, [])]
        rows = rows[rows["dataset"] == dataset]
        if rows.empty:
            return None
        found = over_seeds(*(rows[column].to_numpy() for column in ("value", "ci_low", "ci_high")), confidence)
        sources = [
            Source(file=row["file"], where={key: None if pd.isna(row[key]) else row[key] for key in PLACE})
            for row in rows.to_dict("records")
        ]
        averaged = averaged_over(len(rows), [dataset])
        words = f"{where['metric']} of {name} at {at} on {averaged}"
        return Measured(found, mean_of("value", words, *sources), int(rows["n"].iloc[0]), len(rows))


def power_name(t: float) -> str:
    """How tables call a power."""
    return UNTOUCHED if np.isnan(t) else f"t={t:g}"


def read_concept_numbers(config: Config, layout: RunFiles, concept: str) -> ConceptNumbers:
    """Read the sweeps of all maps of one concept (``reading`` or ``gender``).

    Raises TableError for a file that is missing or damaged.
    """
    shown = {power_name(t) for t in (np.nan, *SHOWN_SCALES)}
    frames = [pd.DataFrame(columns=[*CONCEPT_TABLE.names, "at", "file"])]
    found_neutral: dict[str, list[bool]] = {}
    for run in concept_runs(config, concept):
        path = layout.concept_sweep(*run)
        rows = read_concept_table([path]).assign(file=below_run(layout, path))
        names = rows["t"].map(power_name)
        frames.append(rows.assign(at=names.where(names.isin(shown), "")))
        if concept == "gender":
            # The neutral t may be one of the scales: its rows stand for both.
            found = read_neutral(layout.neutral_scale(*run))
            found_neutral.setdefault(run[1], []).append(found["is_neutral"])
            frames.append(rows[np.isclose(rows["t"], found["t"])].assign(at=NEUTRAL))
    return ConceptNumbers(pd.concat(frames[1:] or frames, ignore_index=True), found_neutral)


def neutral_number(config: Config, layout: RunFiles, name: str) -> Measured:
    """The neutral t of a gender map, with its interval over the pictures that chose it. Raises TableError."""
    scales, sources = _neutral_scales(config, layout, name)
    t, low, high = np.array([[found[key] for key in ("t", "low", "high")] for found in scales]).T
    return Measured(
        Estimate(t.mean(), low.min(), high.max()), mean_of("t", f"neutral t of {name}", *sources), 0, len(t)
    )


def found_neutral(config: Config, layout: RunFiles, name: str) -> bool:
    """Whether the neutral t of a gender map is one, for all seeds. Raises TableError."""
    return all(found["is_neutral"] for found in _neutral_scales(config, layout, name)[0])


def direction_number(config: Config, layout: RunFiles, name: str, key: str) -> Measured | None:
    """What theory says of a gender map (`evaluation.gender_directions`), mean over seeds; None where it says nothing.

    Raises TableError.
    """
    scales, sources = _neutral_scales(config, layout, name)
    values = [found.get(key) for found in scales]
    if None in values:
        return None
    origin = mean_of(key, f"{key} of {name}", *sources)
    return Measured(Estimate(float(np.mean(values)), np.nan, np.nan), origin, 0, len(values))


def _neutral_scales(config: Config, layout: RunFiles, name: str) -> tuple[list[dict], list[Source]]:
    """What was found of a gender map's neutral t, for each seed, and where it stands."""
    paths = [layout.neutral_scale(*run) for run in concept_runs(config) if run[1] == name]
    return [read_neutral(path) for path in paths], [Source(file=below_run(layout, path)) for path in paths]


def distance_number(config: Config, layout: RunFiles, name: str) -> Measured:
    """‖A − I‖_F / √D of the matrix A in a map's similarity: WᵀW, or W_TᵀW_I of separate maps. Raises TableError."""
    distances = read_distances(layout.map_distances)
    where = {"map": name, "matrix": "similarity" if config.concepts[name].separate else "shared"}
    own = distances[(distances["map"] == name) & (distances["matrix"] == where["matrix"])]
    source = Source(file=below_run(layout, layout.map_distances), where=where)
    origin = mean_of("relative_distance", f"distance of {name} from the identity", source)
    return Measured(Estimate(own["relative_distance"].mean(), np.nan, np.nan), origin, 0, len(own))
