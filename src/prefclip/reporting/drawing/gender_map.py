"""The gender map that the figures on bias show: the first of a configuration.

The Snakefile asks for the names of its files, so what they hold is read with imports inside functions.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from prefclip.config import Config
from prefclip.reporting.data_limits import tones_in_order
from prefclip.run.files import RunFiles
from prefclip.run.plan import concept_runs

if TYPE_CHECKING:
    import pandas as pd


def has_gender_map(config: Config) -> bool:
    """Whether a configuration has one."""
    return bool(concept_runs(config, "gender"))


def gender_files(config: Config, layout: RunFiles) -> list[str]:
    """What all of :class:`GenderMap` is read from."""
    shown = GenderMap(config, layout)
    return [*(layout.concept_sweep(*run) for run in shown.runs), *shown.people_files]


def gender_settings(config: Config) -> list[str]:
    """Dotted keys of the configuration that say which map and which people are shown."""
    name = concept_runs(config, "gender")[0][1]
    kinds = [f"concepts.{each}.concept" for each in config.concepts]
    return ["data.bias", *kinds, f"concepts.{name}.dataset", f"concepts.{name}.seeds"]


class GenderMap:
    """The map of a run, read when it is asked for; a file that is missing or damaged raises a PrefclipError naming it.

    ``runs``: (model, name, seed). ``dataset``: the gender set that it was trained and measured on.
    """

    def __init__(self, config: Config, layout: RunFiles):
        runs = concept_runs(config, "gender")
        self.runs = [run for run in runs if run[1] == runs[0][1]]
        self.dataset = config.concept_dataset(runs[0][1])
        self._layout = layout

    @property
    def people_files(self) -> list[str]:
        """What the neutral t and the people are read from."""
        return [self._layout.neutral_scale(*self.runs[0]), self._layout.manifest(self.dataset)]

    def rows(self, seeds: int | None = None) -> "pd.DataFrame":
        """The numbers at every t of the first ``seeds`` seeds, or of all."""
        from prefclip.evaluation.concept_table import read_concept_table

        return read_concept_table(self._layout.concept_sweep(*run) for run in self.runs[:seeds])

    @property
    def neutral(self) -> dict:
        """What is known of the neutral t of the first seed: `t` and its interval from `low` to `high`."""
        from prefclip.evaluation.concept_table import read_neutral

        return read_neutral(self.people_files[0])

    @property
    def called(self) -> str:
        """What the neutral t is called: that, only where it is one."""
        from prefclip.reporting.drawing.curves import named_scale

        name = "neutral" if self.neutral["is_neutral"] else "nearest to neutral"
        return f"{name}, {named_scale(self.neutral['t'])}"

    @cached_property
    def people(self) -> "pd.DataFrame":
        """The manifest of the gender set."""
        from prefclip.datasets.manifest import read_manifest

        return read_manifest(self.people_files[1])

    @property
    def tones(self) -> list[str]:
        """Skin tones that the people are labelled with, from light to dark; none where they are not."""
        return tones_in_order(self.people["tone"].unique()) if "tone" in self.people else []

    @property
    def kinds(self) -> dict[str, str]:
        """Each occupation and activity, and which of both it is."""
        return dict(zip(self.people["name"], self.people["kind"], strict=True))
