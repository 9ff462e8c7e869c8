"""The tables of methods × data sets, cell by cell against the predictions."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from prefclip.config import Config
from prefclip.datasets.parquet_tables import TableError
from prefclip.evaluation.long_form import read_predictions, write_predictions
from prefclip.files import write_text
from prefclip.reporting.estimates import EstimateError, headline_weights, read_estimates
from prefclip.reporting.table_views import shown_parts
from prefclip.reporting.tables import UnknownTableError, leaf, make_table, table_names

CELL = ["method", "weights", "kind", "dataset", "images"]


def cells_of(config, layout) -> pd.DataFrame:
    """The tidy view of the table of accuracies."""
    return pd.DataFrame(leaf("typographic").make(config, layout).lines).set_index(CELL).sort_index()


@pytest.fixture(scope="module")
def cells(made_up):
    return cells_of(*made_up)


def test_every_value_is_the_mean_over_seeds_of_the_right_answers(made_up, cells):
    config, layout = made_up
    runs = [("clip", 0), *((method, seed) for method in config.methods for seed in config.seeds)]
    rows = pd.concat([read_predictions(layout.predictions("emoji-clip", *run)).assign(method=run[0]) for run in runs])
    rows = rows.assign(right=rows["predicted"] == rows["label"])
    rows = rows[rows["images"].isin(["clean", "ink", "typographic"])]
    means = rows.groupby(["method", "weights", "dataset", "images"], observed=True)["right"].mean()
    assert len(means) == 90
    for (method, weights, dataset, images), value in means.items():
        assert cells.loc[(method, weights, "value", dataset, images), "value"] == pytest.approx(value, abs=1e-6)


def test_differences_are_always_to_the_same_clip_row(cells):
    for (method, weights, kind, dataset, images), row in cells.iterrows():
        if kind == "difference":
            clip = cells.loc[("clip", "raw", "value", dataset, images), "value"]
            own = cells.loc[(method, weights, "value", dataset, images), "value"]
            assert row["value"] == pytest.approx(own - clip, abs=2e-6)
    assert ("clip", "raw", "difference") not in {key[:3] for key in cells.index}


def test_the_mean_is_over_the_zero_shot_sets_only(world, made_up):
    config, layout = made_up
    values = config.model_dump()
    values["data"] |= {"zero_shot": ["food", "people"], "bias": []}
    values["attack"]["conditions"] = ["painted"]
    found = cells_of(Config.model_validate(values), layout)["value"]
    for method in ("clip", "kto"):
        weights = headline_weights(config, method)
        mean = np.mean([found[method, weights, "value", name, "clean"] for name in ("food", "people")])
        assert found[method, weights, "value", "zero_shot_mean", "clean"] == pytest.approx(mean, abs=1e-6)


def test_intervals_hold_their_values_and_stay_possible(cells):
    assert (cells["ci_low"] <= cells["value"]).all() and (cells["value"] <= cells["ci_high"]).all()
    shares = cells.xs("value", level="kind")
    assert (shares["ci_low"] >= 0).all() and (shares["ci_high"] <= 1).all()
    assert set(cells.loc["clip", "seeds"]) == {1} and set(cells.loc["dpo", "seeds"]) == {3}
    assert set(cells["n"]) == {40}


def test_paired_differences_are_sharper_than_unpaired_ones(made_up):
    """With the same mistakes on the same images, a difference has no doubt but that of the images that differ."""
    config, layout = made_up
    estimates = read_estimates(config, layout, [("clip", 0), *(("ce", seed) for seed in config.seeds)])
    clip = estimates.of("clip", "raw", "animals", "typographic")
    shifted = clip + 0.25
    found = estimates.estimate(shifted - clip)
    assert (found.low, found.high) == (pytest.approx(0.25), pytest.approx(0.25))


def test_raw_weights_follow_the_weights_that_stand_for_a_method(made_up):
    table = leaf("typographic").make(*made_up)
    labels = [row.label for row in table.rows if not row.quiet]
    assert labels[:6] == ["CLIP", "CE", "CE + KL", "DPO", "IPO", "KTO"]
    assert labels[6:] == [f"{name}, last iterate" for name in ("CE + KL", "DPO", "IPO", "KTO")]
    for place in range(len(table.header)):
        numbers = [table.numbers[row.cells[place]] for row in table.rows]
        best = [number.value for number in numbers if number.best]
        highest = max(number.value for number, row in zip(numbers[:11], table.rows, strict=False) if not row.quiet)
        assert best and best == pytest.approx([highest] * len(best))


@pytest.mark.parametrize("name", table_names(Config.model_validate({"methods": {}})))
def test_three_files_agree_and_repeat_byte_for_byte(copied, name):
    _, layout = copied
    found = []
    for _ in range(2):
        make_table(layout, name)
        found.append([Path(layout.table(name, form)).read_bytes() for form in ("csv", "md", "tex")])
    assert found[0] == found[1]
    markdown, latex = (content.decode() for content in found[0][1:])
    frame = pd.read_csv(layout.table(name, "csv"))
    assert {"value", "ci_low", "ci_high", "n", "seeds"} <= set(frame)
    assert not frame.duplicated([column for column in frame if column not in ("value", "ci_low", "ci_high")]).any()
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1 and len({len(line) for line in lines}) == 1
    body = [line for line in latex.splitlines() if line.endswith(r"\\")]
    columns = {line.count("&") for line in body[1:]}
    assert columns == {lines[0].count("|") - 2}
    assert len(body) - 1 <= len(lines) - 1 <= len(body)
    assert latex.count("{") == latex.count("}") and r"\bottomrule" in latex
    assert not re.search(r"[±≥≤−Δ]", "\n".join(line for line in latex.splitlines() if not line.startswith("%")))
    assert "nan" not in (markdown + latex).lower().replace("banana", "")


def test_shown_numbers_are_percent_with_half_widths(made_up):
    table = leaf("typographic").make(*made_up)
    value, half_width = shown_parts(table.numbers[table.rows[0].cells[0]])
    tidy = table.lines[0]
    assert float(value) == pytest.approx(100 * tidy["value"], abs=0.0501)
    assert float(half_width) == pytest.approx(50 * (tidy["ci_high"] - tidy["ci_low"]), abs=0.0501)


def test_unknown_table_lists_what_there_is(made_up):
    with pytest.raises(UnknownTableError, match="unknown table 'typo'; allowed: typographic, reading, main_results"):
        make_table(made_up[1], "typo")
    with pytest.raises(UnknownTableError, match=r"this run has no table 'bias'; allowed: .*, retention, gradients\.$"):
        make_table(made_up[1], "bias")


@pytest.mark.parametrize("name", table_names())
def test_a_table_describes_itself_in_a_light_module(name):
    """The Snakefile asks each table what it is made from."""
    code = (
        "import sys; from prefclip.config import read_config; from prefclip.run.files import files_of;"
        "from prefclip.reporting.tables import leaf; config = read_config('config/embedded.yaml');"
        f"found = leaf({name!r}); assert found.applies(config) in (True, False) and found.settings(config);"
        "assert found.reads(config, files_of(config)) and found.GROUP in ('main', 'concepts', 'ablations', 'tuning');"
        "sys.exit(bool({'torch', 'pandas', 'pyarrow', 'matplotlib', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


def test_a_missing_run_is_named(copied):
    _, layout = copied
    Path(layout.predictions("emoji-clip", "ipo", 2)).unlink()
    with pytest.raises(TableError, match=r"ipo/seed2\.parquet: no such file"):
        make_table(layout, "typographic")


def test_runs_on_other_images_are_refused(copied):
    _, layout = copied
    path = layout.predictions("emoji-clip", "kto", 1)
    rows = read_predictions(path)
    write_predictions(rows[~((rows["dataset"] == "food") & rows["id"].str.contains("1$|w0$"))], path)
    with pytest.raises(EstimateError, match=r"kto/seed1\.parquet"):
        make_table(layout, "typographic")


def test_a_data_set_that_was_not_scored_is_named(copied):
    _, layout = copied
    path = layout.predictions("emoji-clip", "clip", 0)
    rows = read_predictions(path)
    write_predictions(rows[rows["dataset"] != "people"], path)
    with pytest.raises(EstimateError, match=r"clip/seed0\.parquet: holds no clean images of people"):
        make_table(layout, "typographic")


def test_one_seed_and_no_gender_set_are_enough(copied):
    config, layout = copied
    values = config.model_dump()
    values |= {"seeds": [0]}
    values["data"]["bias"] = []
    write_text(layout.config, Config.model_validate(values).model_dump_json())
    make_table(layout, "typographic")
    frame = pd.read_csv(layout.table("typographic"))
    assert set(frame["seeds"]) == {1} and "people" not in set(frame["dataset"])
