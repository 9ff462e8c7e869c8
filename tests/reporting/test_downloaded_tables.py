"""Tables that only runs on downloaded data sets have: real photographs, and the authors' numbers beside ours."""

import math
from pathlib import Path

import pandas as pd
import pytest
from downloaded_run import REAL, UNLISTED, downloaded_config, write_downloaded_run
from hypothesis import given
from hypothesis import strategies as st

from prefclip.evaluation.intervals import (
    Estimate,
    IntervalInputError,
    binomial_interval,
    difference_of_shares,
)
from prefclip.evaluation.long_form import read_predictions
from prefclip.reporting.against_authors import Counterpart, compare, logged_numbers
from prefclip.reporting.tables import UnknownTableError, leaf, make_table, table_names
from prefclip.run.files import RunFiles
from prefclip.run.plan import published_file


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = downloaded_config()
    return config, write_downloaded_run(tmp_path_factory.mktemp("downloaded"), config)


def table(layout: RunFiles, name: str) -> tuple[pd.DataFrame, str]:
    make_table(layout, name)
    return pd.read_csv(layout.table(name)), Path(layout.table(name, "md")).read_text()


def test_which_tables_a_run_has(made_up):
    config, layout = made_up
    every_run = table_names(config)
    assert {"typographic", "main_results"} <= set(every_run) and not {"real_photos", "sweeps", "bias"} & set(every_run)
    downloaded = [*every_run[:-1], "real_photos", "against_authors", "gradients"]
    assert every_run[-1] == "gradients" and table_names(downloaded_config()) == downloaded
    assert table_names(downloaded_config(data={"real": []})) == [*every_run[:-1], "against_authors", "gradients"]
    assert table_names(downloaded_config(data={"train": "dtd", "zero_shot": [], "real": []})) == every_run
    assert all("published" not in path for path in leaf("typographic").reads(config, layout))
    assert all(Path(path).is_file() for path in leaf("against_authors").reads(config, layout)[-3:])
    with pytest.raises(UnknownTableError, match="this run has no table 'real_photos'; allowed: typographic, "):
        make_table(layout, "real_photos")


def test_real_photographs_have_no_clean_twin_of_their_own(run):
    config, layout = run
    rows = read_predictions(layout.predictions(config.model.key, "clip", 0))
    kinds = rows.groupby("dataset", observed=True)["images"].unique().map(set)
    assert kinds["noscam"] == {"clean"} and kinds["rta100"] == kinds["disentangling"] == {"typographic"}


def test_real_photos(run):
    config, layout = run
    cells, markdown = table(layout, "real_photos")
    assert set(cells["dataset"]) == set(REAL)
    assert set(cells.loc[cells["dataset"] == "noscam", "metric"]) == {"accuracy"}
    rows = read_predictions(layout.predictions(config.model.key, "clip", 0))
    rows = rows[rows["dataset"] == "disentangling"]
    listed = rows[rows["word_label"] >= 0]
    clip = cells[(cells["method"] == "clip") & (cells["dataset"] == "disentangling")].set_index("metric")
    assert clip.loc["text_confusion", "n"] == 60 - UNLISTED and clip.loc["accuracy", "n"] == 60
    assert clip.loc["accuracy", "value"] == pytest.approx((rows["predicted"] == rows["label"]).mean(), abs=1e-6)
    called = (listed["predicted"] == listed["word_label"]).mean()
    assert clip.loc["text_confusion", "value"] == pytest.approx(called, abs=1e-6)
    assert {"value", "difference"} == set(cells["kind"]) and (cells["ci_low"] <= cells["ci_high"]).all()
    assert "Candidate names of a set are all its objects and all its written words" in markdown
    assert f"Disentangling: {60 - UNLISTED} of 60 photographs" in markdown and "On NoSCAM the word" in markdown


def test_against_authors(run):
    _, layout = run
    cells, markdown = table(layout, "against_authors")
    logs = cells[cells["source"] == "author logs"].set_index(["method", "weights", "dataset", "images"])
    assert logs.loc[("clip", "raw", "food101", "clean"), "published"] == pytest.approx(0.7832)
    assert logs.loc[("clip", "raw", "food101", "clean"), "published_n"] == 4608
    assert logs.loc[("dpo", "averaged", "food101", "typographic"), "published"] == pytest.approx(0.6929)
    assert set(logs.loc[(slice(None), slice(None), "imagenet100"), "verdict"]) == {"no counterpart"}
    assert logs.loc[("clip", "raw", "noscam", "clean"), "verdict"] == "no counterpart"
    compared = logs[logs["verdict"] != "no counterpart"]
    inside = (compared["difference_low"] <= 0) & (0 <= compared["difference_high"])
    assert len(compared) > 20 and ((compared["verdict"] == "agrees") == inside).all()
    assert ((compared["value"] - compared["published"] - compared["difference"]).abs() < 2e-6).all()
    kl = cells[cells["source"] == "author KL"]
    assert set(kl["verdict"]) == {"no counterpart"} and set(kl["dataset"]) == {"food101"}
    recalled = cells[cells["source"].str.startswith("Defense-Prefix")]
    assert set(recalled["method"]) == {"clip"} and set(recalled["source"]) == {"Defense-Prefix (unverified)"}
    lines = [line for line in markdown.splitlines() if "Defense-Prefix" in line]
    assert lines and all("unverified" in line for line in lines)


def test_kl_is_compared_where_the_training_set_is_the_same(tmp_path):
    config = downloaded_config(data={"train": "food101", "zero_shot": ["sun397"], "real": []})
    cells, _ = table(write_downloaded_run(tmp_path, config), "against_authors")
    kl = cells[cells["source"] == "author KL"].set_index(["method", "dataset"])
    assert kl.loc[("dpo", "food101"), "published"] == 0.1107 and set(kl["verdict"]) <= {"agrees", "differs"}
    trained = cells[(cells["method"] == "dpo") & (cells["source"] == "author logs")]
    assert set(trained["verdict"]) == {"no counterpart"}


def test_verdicts_by_example():
    near, far = Counterpart(0.7832, 4608), Counterpart(0.70, 4608)
    ours = binomial_interval(0.79, 5000)
    assert compare(ours, 5000, near, 0.95).verdict == "agrees"
    assert compare(ours, 5000, far, 0.95).verdict == "differs"
    assert compare(ours, 5000, Counterpart(), 0.95).verdict == "no counterpart"
    unknown = compare(Estimate(0.10, 0.08, 0.12), 60, Counterpart(0.1107), 0.95)
    assert unknown.verdict == "agrees" and math.isnan(unknown.theirs.low) and math.isnan(unknown.difference.high)


def test_published_numbers_are_read_by_cell():
    found = logged_numbers(*(pd.read_csv(published_file(name)) for name in ("author_logs", "author_kl")))
    assert len(found) == 169 + 8
    assert found["clip", "raw", "imagenet", "clean", "accuracy"] == Counterpart(0.5334, 5120)


def test_binomial_intervals_by_example():
    """The example of Newcombe (1998), table II: 56/70 and 48/80."""
    assert binomial_interval(56 / 70, 70)[1:] == pytest.approx((0.6919, 0.8772), abs=2e-3)
    assert difference_of_shares(56 / 70, 70, 48 / 80, 80)[1:] == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert binomial_interval(0.0, 10).low == 0 and binomial_interval(1.0, 10).high == 1


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_binomial_intervals_hold_their_share_and_shrink(count, share):
    found, more = binomial_interval(share, count), binomial_interval(share, 4 * count)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert more.high - more.low <= found.high - found.low + 1e-12


@pytest.mark.parametrize(("share", "count"), [(1.1, 5), (0.5, 0), (float("nan"), 5)])
def test_what_no_interval_can_be_made_of(share, count):
    with pytest.raises(IntervalInputError, match="a share from 0 to 1 of at least one image"):
        binomial_interval(share, count)
