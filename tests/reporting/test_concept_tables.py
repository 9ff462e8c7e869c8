"""Tables of concept maps on a tiny run: what they show, where each cell comes from, and what is refused."""

import json
from pathlib import Path

import pandas as pd
import pytest
from prefclip.run.plan import concept_runs, concept_tables
from tiny_concepts import concept_settings, write_concept_run

from prefclip.config import Config
from prefclip.evaluation.concept_sweep import sweep_reading
from prefclip.evaluation.gender_sweep import sweep_gender
from prefclip.evaluation.map_spectrum import measure_spectra
from prefclip.lineage.concept_cells import write_concept_cells
from prefclip.reporting.concept_numbers import ConceptNumberError, power_name, read_concept_numbers
from prefclip.reporting.concept_tables import bias, concepts
from prefclip.reporting.figures import draw_figure, figure_names, leaf
from prefclip.reporting.labels import column_groups
from prefclip.reporting.table_files import to_markdown, write_table


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run with a reading and a gender map, trained and measured."""
    run = write_concept_run(tmp_path_factory.mktemp("concepts"))
    maps = {name: concept_settings(name) for name in ("reading", "gender")}
    config = Config.model_validate({**run.config.model_dump(), "concepts": maps})
    layout = run.layout
    for model, name, seed in concept_runs(config):
        folder = layout.concept_map(model, name, seed).removesuffix("/map.safetensors")
        train = run.train_reading if name == "reading" else run.train_gender
        shared = {"concept_map": train(Path(folder)), "out_sweep": layout.concept_sweep(model, name, seed)}
        settings = config.concept(name)
        if name == "reading":
            sweep_reading(config, settings, name, seed, **shared, **run.folders, threads=1, device="cpu")
        else:
            sweep_gender(
                config,
                settings,
                name,
                seed,
                **shared,
                manifest=layout.manifest("people"),
                images=layout.images("people"),
                classes=layout.classes("people"),
                out_neutral=layout.neutral_scale(model, name, seed),
                out_retrieval=layout.retrieval(model, name, seed),
                threads=1,
                device="cpu",
            )
    files = {run[1:]: layout.concept_map(*run) for run in concept_runs(config)}
    measure_spectra(files, layout.map_spectra, layout.map_distances)
    Path(layout.config).write_text(config.model_dump_json())
    return config, layout


@pytest.fixture(scope="module")
def numbers(measured):
    return read_concept_numbers(*measured)


def test_each_map_is_shown_before_after_and_at_the_neutral_t(measured, numbers):
    config, _ = measured
    assert numbers.powers("reading") == ["untouched", "t=-2", "t=-1", "t=0", "t=1", "t=2"]
    assert numbers.powers("gender")[-1] == "neutral"
    shown = to_markdown(bias(numbers, config))
    for words in ("gender, neutral", "gender, t=−1", "OUR analogue", "emoji drawings", "Retrieval, tone", "held out"):
        assert words in shown
    assert "‖A − I‖_F / √D" in to_markdown(concepts(numbers, config))


def test_t_0_of_a_shared_map_is_the_untouched_model(measured, numbers):
    cells = concepts(numbers, measured[0]).cells
    cells = cells[(cells["map"] == "reading") & (cells["at"] != "trained")]
    values = cells.pivot(index=["dataset", "images", "metric"], columns="at", values="value")
    assert len(values) == 6 and (values["untouched"] == values["t=0"]).all()


def test_values_lie_in_their_intervals(measured, numbers):
    for table in (concepts(numbers, measured[0]), bias(numbers, measured[0])):
        cells = table.cells.dropna(subset=["ci_low"])
        assert (
            len(cells) > 10 and (cells["ci_low"] <= cells["value"]).all() and (cells["value"] <= cells["ci_high"]).all()
        )


def test_every_cell_names_the_rows_that_it_comes_from(measured, numbers, monkeypatch):
    config, layout = measured
    monkeypatch.chdir(Path(layout.root).parent)
    for name, make in (("concepts", concepts), ("bias", bias)):
        table = make(numbers, config)
        write_table(table, layout.table(name).removesuffix(".csv"))
        runs = {run[1:]: run for run in concept_runs(config)}
        neutral = {("gender", 0): (layout.neutral_scale(*runs["gender", 0]), numbers.neutral["gender", 0]["t"])}
        sweeps = {which: layout.concept_sweep(*run) for which, run in runs.items()}
        path = write_concept_cells(
            layout.table(name), sweeps, neutral, layout.map_distances, column_groups(config), power_name
        )
        written = json.loads(path.read_text())
        assert [cell["value"] for cell in written["cells"]] == pytest.approx(table.cells["value"].tolist())
        assert len({(cell["row"], cell["column"]) for cell in written["cells"]}) == len(table.cells)
        frame = pd.concat([pd.read_parquet(file) for file in sweeps.values()])
        for cell in written["cells"]:
            rows = [written["rows"][place] for place in cell["rows"]]
            assert rows and {row["method"] for row in rows} == {cell["row"].split()[0]}
            assert {row["metric"] for row in rows} <= {*frame["metric"], "neutral_t", "relative_distance"}


def test_figures_are_drawn_from_the_files_that_they_name(measured):
    config, layout = measured
    for name in figure_names(config, "concepts"):
        assert all(Path(path).is_file() for path in leaf(name).reads(config, layout))
        draw_figure(layout, name)


def test_without_maps_there_is_nothing_to_show(measured):
    config, layout = measured
    without = config.model_copy(update={"concepts": {}})
    assert figure_names(without, "concepts") == concept_tables(without) == []
    with pytest.raises(ConceptNumberError, match="has no concept maps"):
        read_concept_numbers(without, layout)
