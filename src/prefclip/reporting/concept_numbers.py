"""The numbers of all concept maps of a run, at the powers that tables show."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.evaluation.concept_table import read_concept_table, read_neutral
from prefclip.evaluation.intervals import Estimate
from prefclip.evaluation.spectrum_table import read_distances
from prefclip.run.files import RunFiles
from prefclip.run.plan import concept_runs

UNTOUCHED, NEUTRAL = "untouched", "neutral"
SHOWN_SCALES = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0)


class ConceptNumberError(PrefclipError):
    """A number that the sweeps of the concept maps do not hold."""


@dataclass(frozen=True)
class ConceptNumbers:
    """What was measured of the maps.

    Attributes:
        rows: CONCEPT_TABLE of all maps and seeds, with ``at``: how the tables call a row's t, empty for other t.
        neutral: what was found as neutral t, by map and seed.
        distances: DISTANCE_COLUMNS of all maps and seeds.
    """

    rows: pd.DataFrame
    neutral: dict[tuple[str, int], dict]
    distances: pd.DataFrame

    def powers(self, name: str) -> list[str]:
        """How the shown t of a map are called, the untouched CLIP first and the neutral t last."""
        own = self.rows[(self.rows["map"] == name) & (self.rows["at"] != "")]
        order = [UNTOUCHED, *map(power_name, SHOWN_SCALES), NEUTRAL]
        return [at for at in order if at in set(own["at"])]

    def line(self, name: str, at: str, datasets: Iterable[str], **where: str) -> dict[str, Any] | None:
        """Value, interval, n and seeds of one metric of a map, the mean over seeds and ``datasets``; None without any.

        ``where``: columns of CONCEPT_TABLE. The ends of the intervals are averaged over data sets, and the lowest and
        highest of all seeds are taken.
        """
        rows = self.rows[(self.rows["map"] == name) & (self.rows["at"] == at)]
        for column, value in where.items():
            rows = rows[rows[column] == value]
        rows = rows[rows["dataset"].isin(list(datasets))]
        if rows.empty:
            return None
        seeds = rows.groupby("seed")[["value", "ci_low", "ci_high"]].mean()
        total = rows.groupby("seed")["n"].sum().iloc[0]
        return _measured(
            Estimate(seeds["value"].mean(), seeds["ci_low"].min(), seeds["ci_high"].max()), total, len(seeds)
        )

    def neutral_line(self, name: str) -> dict[str, Any]:
        """The neutral t of a gender map, with its interval over the pictures that chose it."""
        found = [values for (other, _), values in self.neutral.items() if other == name]
        t, low, high = (np.array([values[key] for values in found]) for key in ("t", "low", "high"))
        return _measured(Estimate(t.mean(), low.min(), high.max()), 0, len(found))

    def distance_line(self, name: str) -> dict[str, Any]:
        """‖A − I‖_F / √D of the matrix A in a map's similarity: WᵀW, or W_TᵀW_I of separate maps."""
        own = self.distances[(self.distances["map"] == name) & self.distances["matrix"].isin(["shared", "similarity"])]
        value = own["relative_distance"].mean()
        return _measured(Estimate(value, np.nan, np.nan), 0, len(own))


def power_name(t: float) -> str:
    """How tables call a power."""
    return UNTOUCHED if np.isnan(t) else f"t={t:g}"


def read_concept_numbers(config: Config, layout: RunFiles) -> ConceptNumbers:
    """Read the sweeps, neutral t and distances of all maps of a run.

    Raises ConceptNumberError where the configuration has no maps, TableError for a file that is missing or damaged.
    """
    runs = concept_runs(config)
    if not runs:
        raise ConceptNumberError("concepts: the configuration has no concept maps, so that there is nothing to show.")
    rows = read_concept_table(layout.concept_sweep(*run) for run in runs)
    neutral = {run[1:]: read_neutral(layout.neutral_scale(*run)) for run in concept_runs(config, "gender")}
    shown = {power_name(t) for t in (np.nan, *SHOWN_SCALES)}
    names = rows["t"].map(power_name)
    # The neutral t may be one of the scales: its rows stand for both.
    places = pd.Series(list(zip(rows["map"], rows["seed"], strict=True)), index=rows.index)
    found = places.map(lambda place: neutral.get(place, {}).get("t", np.nan))
    as_neutral = rows[np.isclose(rows["t"], found.astype(float))].assign(at=NEUTRAL)
    rows = pd.concat([rows.assign(at=names.where(names.isin(shown), "")), as_neutral], ignore_index=True)
    return ConceptNumbers(rows, neutral, read_distances(layout.map_distances))


def _measured(found: Estimate, n: int, seeds: int) -> dict[str, Any]:
    return {"value": found.value, "ci_low": found.low, "ci_high": found.high, "n": int(n), "seeds": seeds}
