"""Tables of concept maps on a tiny run: what they show, where each cell comes from, and what is refused."""

from pathlib import Path

import pandas as pd
import pytest
from recomputation import assert_recomputed, rows_of
from tiny_concepts import concept_settings, write_concept_run

from prefclip.config import Config
from prefclip.evaluation.concept_sweep import sweep_reading
from prefclip.evaluation.gender_sweep import sweep_gender
from prefclip.evaluation.intervals import over_seeds
from prefclip.evaluation.map_spectrum import measure_spectra
from prefclip.reporting.concept_numbers import read_concept_numbers
from prefclip.reporting.figures import draw_figure, figure_names
from prefclip.reporting.figures import leaf as figure_leaf
from prefclip.reporting.table_views import to_markdown
from prefclip.reporting.tables import leaf, make_table, table_names
from prefclip.run.plan import concept_runs


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run with a reading and a gender map, trained and measured."""
    run = write_concept_run(tmp_path_factory.mktemp("concepts"))
    maps = {name: concept_settings(name, seeds=(0, 1)) for name in ("reading", "gender")}
    config = Config.model_validate({**run.config.model_dump(), "concepts": maps})
    layout = run.layout
    for model, name, seed in concept_runs(config):
        folder = layout.concept_map(model, name, seed).removesuffix("/map.safetensors")
        train = run.train_reading if name == "reading" else run.train_gender
        shared = {"concept_map": train(Path(folder), seed), "out_sweep": layout.concept_sweep(model, name, seed)}
        settings = config.concept(name)
        if name == "reading":
            sweep_reading(config, settings, name, seed, **shared, files=run.layout, threads=1, device="cpu")
        else:
            sweep_gender(
                config,
                settings,
                name,
                seed,
                **shared,
                files=run.layout,
                out_neutral=layout.neutral_scale(model, name, seed),
                out_retrieval=layout.retrieval(model, name, seed),
                threads=1,
                device="cpu",
            )
    files = {run[1:]: layout.concept_map(*run) for run in concept_runs(config)}
    measure_spectra(files, layout.map_spectra, layout.map_distances)
    Path(layout.config).write_text(config.model_dump_json())
    return config, layout


@pytest.fixture(scope="module", params=["concepts", "bias", "caption_retrieval"])
def table(request, measured):
    return make_table(measured[1], request.param)


def test_each_map_is_shown_before_after_and_at_the_neutral_t(measured):
    config, layout = measured
    powers = {concept: read_concept_numbers(config, layout, concept).powers(concept) for concept in config.concepts}
    assert powers["reading"] == ["untouched", "t=-2", "t=-1", "t=0", "t=1", "t=2"]
    assert powers["gender"][-2:] == ["neutral", "chance"]
    shown = to_markdown(leaf("bias").make(config, layout))
    said = ("nearest to neutral (none of 2 found)", "gender, chance", "Objects, clean", "gender, t=−1", "OUR analogue")
    for words in (*said, "emoji drawings", "Retrieval, tone", "held out"):
        assert words in shown
    assert "‖A − I‖_F / √D" in to_markdown(leaf("concepts").make(config, layout))


def test_t_0_of_a_shared_map_is_the_untouched_model(measured):
    cells = pd.DataFrame(leaf("concepts").make(*measured).lines)
    cells = cells[(cells["map"] == "reading") & (cells["at"] != "trained")]
    values = cells.pivot(index=["dataset", "images", "metric"], columns="at", values="value")
    assert len(values) == 6 and (values["untouched"] == values["t=0"]).all()


def test_values_lie_in_their_intervals(table):
    cells = pd.DataFrame(table.lines).dropna(subset=["ci_low"])
    assert len(cells) > 10
    assert (cells["ci_low"] <= cells["value"] + 1e-6).all() and (cells["value"] <= cells["ci_high"] + 1e-6).all()


def test_every_number_is_recomputed_from_the_rows_that_it_names(measured, table):
    config, layout = measured
    assert_recomputed(table, layout.root)
    assert {source.path(layout.root) for source in table.sources} <= set(leaf(table.name).reads(config, layout))
    for number in table.numbers:
        rows = pd.concat([rows_of(source, layout.root) for source in table.sources_of(number)])
        assert set(rows["map"]) == {number.keys["map"]} and len(rows) % number.seeds == 0
        if table.terms[number.terms[0]].measure == "value" and number.low is not None:
            assert rows["seed"].is_unique and set(rows["n"]) == {number.n}
            ends = over_seeds(rows["value"], rows["ci_low"], rows["ci_high"])
            assert [number.low, number.high] == pytest.approx(ends[1:], abs=1e-6, nan_ok=True)


def test_figures_are_drawn_from_the_files_that_they_name(measured):
    config, layout = measured
    for name in figure_names(config, "concepts"):
        assert all(Path(path).is_file() for path in figure_leaf(name).reads(config, layout))
        draw_figure(layout, name)


def test_without_maps_there_is_nothing_to_show(measured):
    config, _ = measured
    without = config.model_copy(update={"concepts": {}})
    assert table_names(config, "concepts") == ["concepts", "bias", "caption_retrieval"]
    assert figure_names(without, "concepts") == table_names(without, "concepts") == []
    alone = config.model_copy(update={"concepts": {"reading": config.concepts["reading"]}})
    assert table_names(alone, "concepts") == ["concepts", "caption_retrieval"]


def test_a_run_with_a_gender_map_alone_shows_its_distance(measured):
    config, layout = measured
    alone = config.model_copy(update={"concepts": {"gender": config.concepts["gender"]}})
    shown = to_markdown(leaf("concepts").make(alone, layout))
    assert "no reading map" in shown and "gender: ‖A − I‖_F / √D" in shown and "no neutral t found" in shown
    assert "predicted" in shown and "cos(d, g)" in shown
