"""The figures about concept maps, drawn from the files of a run."""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from prefclip.config import Config
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import read_table
from prefclip.evaluation.concept_table import read_concept_table, read_neutral
from prefclip.evaluation.spectrum_table import read_distances, read_spectra
from prefclip.reporting.data_limits import tones_in_order
from prefclip.reporting.figure_inputs import shown_gender_map
from prefclip.reporting.figures.concept_sweep import draw_concept_sweep
from prefclip.reporting.figures.gender_sweep import draw_gender_sweep
from prefclip.reporting.figures.map_spectrum import draw_map_spectrum
from prefclip.reporting.figures.occupation_gap import draw_occupation_gap
from prefclip.reporting.figures.retrieval_grid import draw_retrieval_grid
from prefclip.reporting.figures.skew_over_k import draw_skew_over_k
from prefclip.run.files import RunFiles
from prefclip.run.plan import concept_runs

MOST_LINES = 4  # of the figure that compares reading maps
QUERIES_PER_KIND = 2


class _GenderMap(NamedTuple):
    """The gender map that is shown: its runs, its people, and its neutral t with the first seed."""

    runs: list[tuple[str, str, int]]
    dataset: str
    people: pd.DataFrame
    neutral: dict

    @property
    def tones(self) -> list[str]:
        return tones_in_order(self.people["tone"].unique()) if "tone" in self.people else []

    @property
    def kinds(self) -> dict[str, str]:
        return dict(zip(self.people["name"], self.people["kind"], strict=True))


def _shown(config: Config, layout: RunFiles) -> _GenderMap:
    name = shown_gender_map(config)
    dataset, runs = config.concept_dataset(name), [run for run in concept_runs(config) if run[1] == name]
    return _GenderMap(
        runs, dataset, read_manifest(layout.manifest(dataset)), read_neutral(layout.neutral_scale(*runs[0]))
    )


def _rows(layout: RunFiles, runs: list[tuple[str, str, int]]) -> pd.DataFrame:
    return read_concept_table(layout.concept_sweep(*run) for run in runs)


def _concept_sweep(config: Config, layout: RunFiles) -> Figure:
    runs = concept_runs(config, "reading")
    names = list(dict.fromkeys(name for _, name, _ in runs))[:MOST_LINES]
    maps = {name: name.replace("_", " ") for name in names}
    return draw_concept_sweep(_rows(layout, runs), maps, config.data.train, config.data.zero_shot)


def _gender_sweep(config: Config, layout: RunFiles) -> Figure:
    shown = _shown(config, layout)
    return draw_gender_sweep(_rows(layout, shown.runs), shown.neutral, shown.dataset, shown.tones)


def _occupation_gap(config: Config, layout: RunFiles) -> Figure:
    shown = _shown(config, layout)
    rows = _rows(layout, shown.runs[:1])
    return draw_occupation_gap(rows, shown.kinds, shown.neutral["t"], shown.dataset, shown.tones)


def _skew_over_k(config: Config, layout: RunFiles) -> Figure:
    shown = _shown(config, layout)
    return draw_skew_over_k(_rows(layout, shown.runs[:1]), shown.neutral["t"], shown.dataset, shown.tones)


def _retrieval_grid(config: Config, layout: RunFiles) -> Figure:
    shown = _shown(config, layout)
    ranks = read_table(layout.retrieval(*shown.runs[0]), ("t", "query", "rank", "row", "gender"), "sweep the map again")
    classes = read_classes(layout.classes(shown.dataset))
    queries: list[str] = []
    for kind in sorted(set(shown.kinds.values())):
        queries += [name for name in classes.names if shown.kinds.get(name) == kind][:QUERIES_PER_KIND]
    return draw_retrieval_grid(
        ranks,
        open_images(layout.images(shown.dataset)),
        queries,
        classes.template,
        shown.neutral["t"],
        shown.dataset,
        shown.tones,
    )


def _map_spectrum(config: Config, layout: RunFiles) -> Figure:
    maps = {name: name.replace("_", " ") for name in config.concepts}
    return draw_map_spectrum(read_spectra(layout.map_spectra), read_distances(layout.map_distances), maps)


CONCEPT_DRAWERS: MappingProxyType[str, Callable[[Config, RunFiles], Figure]] = MappingProxyType(
    {
        "concept_sweep": _concept_sweep,
        "gender_sweep": _gender_sweep,
        "occupation_gap": _occupation_gap,
        "skew_over_k": _skew_over_k,
        "retrieval_grid": _retrieval_grid,
        "map_spectrum": _map_spectrum,
    }
)
