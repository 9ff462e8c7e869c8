"""Every number of every table follows from the rows that it names, and from no others."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from downloaded_run import downloaded_config, write_downloaded_run
from recomputation import REPOSITORY, assert_recomputed, rows_of
from synthetic_run import synthetic_config

from prefclip.config import method_names
from prefclip.datasets.parquet_tables import write_table
from prefclip.evaluation.long_form import read_predictions, write_predictions
from prefclip.explain.saliency.score_table import SCORES
from prefclip.files import write_text
from prefclip.reporting.tables import leaf, make_table, table_names
from prefclip.reporting.traced import Traced
from prefclip.run.files import RunFiles
from prefclip.run.plan import method_runs
from prefclip.seeds import generator_for
from prefclip.table import read_table

FINISHED = "results/embedded"
FINISHED_TABLES = [path for name in table_names() if (path := REPOSITORY / FINISHED / f"tables/{name}.json").is_file()]


def write_scores(config, layout) -> None:
    """Scores of saliency as they could be: some maps without any positive value."""
    for method in method_names(config):
        noise = generator_for(method, "scores")
        rows = pd.DataFrame(
            [
                {"seed": seed, "explainer": explainer, "target": target, "id": f"animals-{place}"}
                for seed in ((0,) if method == "clip" else config.seeds)
                for explainer in ("occlusion", "hires_cam")
                for target in ("written", "true")
                for place in range(12)
            ]
        )
        share = noise.random(len(rows))
        share[noise.choice(len(rows), 4, replace=False)] = np.nan
        weights = "averaged" if method != "clip" and config.methods[method].averaging else "raw"
        rows = rows.assign(model="m", method=method, weights=weights, dataset="animals", label=0, word_label=1)
        rows = rows.assign(predicted=1, share_in_box=share, pointing_game=(share > 0.5) * 1.0, box_area=0.2)
        path = layout.saliency(config.model.key, method)
        write_table(path, pa.Table.from_pandas(rows[SCORES.names], schema=SCORES, preserve_index=False))


@pytest.fixture(scope="module")
def with_saliency(world, made_up, tmp_path_factory):
    config = synthetic_config(world, saliency={"images": 12})
    layout = RunFiles(str(tmp_path_factory.mktemp("saliency") / "results"))
    shutil.copytree(made_up[1].root, layout.root)
    write_text(layout.config, config.model_dump_json())
    write_scores(config, layout)
    return config, layout


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory):
    config = downloaded_config()
    return config, write_downloaded_run(tmp_path_factory.mktemp("downloaded") / "results", config)


@pytest.mark.parametrize("which", ["with_saliency", "downloaded"])
def test_every_number_is_recomputed_from_the_rows_that_it_names(request, which):
    config, layout = request.getfixturevalue(which)
    names = table_names(config)
    assert len(names) >= 5 and ("saliency" in names) == (which == "with_saliency")
    for name in names:
        table = make_table(layout, name)
        assert_recomputed(table, layout.root)
        assert read_table(layout.table(name, "json")) == table
        named = {path for source in table.sources for path in source.paths(layout.root)}
        assert named == set(leaf(name).reads(config, layout))


def test_a_ratio_is_that_of_the_means_over_seeds_and_spreads_with_them():
    def of_seeds(*values):
        return Traced(np.array(values)[:, None])

    assert (of_seeds(1.0, 3.0) / of_seeds(2.0, 6.0)).samples == pytest.approx(0.5)
    assert (of_seeds(1.0, 3.0) / of_seeds(4.0)).samples[:, 0] == pytest.approx([0.25, 0.75])
    # One seed that loses nothing does not take the ratio away.
    assert (of_seeds(1.0, 1.0) / of_seeds(0.0, 4.0)).samples[:, 0] == pytest.approx([1.0, 0.0])
    assert np.isnan((of_seeds(1.0, 1.0) / of_seeds(-1.0, 1.0)).samples).all()


def test_maps_without_saliency_are_no_source(with_saliency):
    _, layout = with_saliency
    table = make_table(layout, "saliency")
    left_out = [source for source in table.sources if source.without]
    assert left_out
    for number in table.numbers:
        for source in table.sources_of(number):
            rows = rows_of(source, layout.root)
            assert len(rows) == number.n * rows["seed"].nunique()


@pytest.mark.parametrize("name", ["typographic", "main_results", "text_confusion", "retention"])
def test_rows_that_no_number_names_decide_nothing(with_saliency, tmp_path, name):
    config, layout = with_saliency
    table = make_table(layout, name)
    folder = shutil.copytree(layout.root, tmp_path / "results")
    for model, method, seed in method_runs(config):
        path = layout.predictions(model, method, seed)
        named = [source for source in table.sources if source.path(layout.root) == path]
        rows, used = read_predictions(path), pd.concat([rows_of(source, layout.root) for source in named]).index
        rows.loc[~rows.index.isin(used), ["predicted", "retention_kl"]] = 999
        write_predictions(rows, RunFiles(str(folder)).predictions(model, method, seed))
    assert make_table(RunFiles(str(folder)), name) == table


def test_the_name_of_a_run_decides_nothing(with_saliency, tmp_path):
    config, layout = with_saliency
    other = RunFiles(str(shutil.copytree(layout.root, tmp_path / "elsewhere")))
    write_text(other.config, config.model_copy(update={"experiment": "another"}).model_dump_json())
    for name in table_names(config):
        for one in (layout, other):
            make_table(one, name)
        for form in ("json", "csv", "md", "tex"):
            assert Path(layout.table(name, form)).read_bytes() == Path(other.table(name, form)).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not FINISHED_TABLES, reason=f"{FINISHED} is missing: make reproduce makes it")
@pytest.mark.parametrize("path", FINISHED_TABLES, ids=lambda path: path.stem)
def test_every_number_of_the_finished_run_is_recomputed(path):
    assert_recomputed(read_table(path), FINISHED)
