"""The trials of the search: the criterion from the predictions, the best one chosen, the table and the frontier."""

import json

import pandas as pd
import pytest
from synthetic_run import synthetic_config, write_validation

from prefclip.evaluation.long_form import read_predictions
from prefclip.reporting.drawing.style import print_style
from prefclip.reporting.figures import leaf as figure_leaf
from prefclip.reporting.figures.frontier import unbeaten
from prefclip.reporting.tables import make_table
from prefclip.reporting.trials import write_chosen
from prefclip.run.files import RunFiles

TUNING = {"trials": 4, "ranges": {"learning_rate": [1e-3, 1e-1], "regulariser_weight": [0.1, 10], "beta": [0.01, 1]}}


@pytest.fixture(scope="module")
def searched(world, tmp_path_factory):
    config = synthetic_config(world, tuning=TUNING)
    layout = RunFiles(str(tmp_path_factory.mktemp("searched") / "made-up"))
    write_validation(layout, config)
    return config, layout


def worth(config, layout, trial):
    rows = read_predictions(layout.validation("emoji-clip", trial.name, 0))
    means = (rows["predicted"] == rows["label"]).groupby([rows["dataset"], rows["images"]], observed=True).mean()
    return float(means[["animals", "food"]].mean())


def test_the_best_trial_of_each_method_is_chosen(searched, tmp_path):
    config, layout = searched
    write_chosen(config, layout, str(tmp_path / "chosen.json"))
    chosen = json.loads((tmp_path / "chosen.json").read_text())["methods"]
    assert set(chosen) == set(config.methods)
    for method, entry in chosen.items():
        values = {trial.number: worth(config, layout, trial) for trial in config.trials if trial.method == method}
        assert values[entry["trial"]] == max(values.values()) == pytest.approx(entry["criterion"], abs=1e-6)
        settings = config.every_method[f"{method}-trial{entry['trial']:03d}"]
        assert (entry["learning_rate"], entry["parameters"]) == (settings.learning_rate, settings.parameters)


def test_the_table_has_every_trial(searched):
    config, layout = searched
    table = make_table(layout, "tuning")
    lines = pd.DataFrame(table.lines)
    lines = lines[lines["metric"] == "criterion"]
    assert len(lines) == 1 + len(config.trials) == len(table.rows)
    assert (lines.groupby("method")["chosen"].apply(lambda marks: (marks == "yes").sum()).drop("clip") == 1).all()
    for trial in config.trials:
        (line,) = lines[(lines["method"] == trial.method) & (lines["trial"] == str(trial.number))].to_dict("records")
        assert line["value"] == pytest.approx(worth(config, layout, trial), abs=1e-6)
        assert {key: line[key] for key in trial.values} == trial.values


def test_the_frontier_is_drawn(searched):
    make_table(searched[1], "tuning")
    with print_style():
        figure = figure_leaf("frontier").draw(*searched)
    kept, clean = figure.axes
    assert kept.get_xscale() == "log" and clean.get_xlabel() == "clean accuracy (%)"
    marks = [collection for collection in kept.collections if collection.get_sizes()[0] > 20]
    assert len(marks) == len(searched[0].methods), "one chosen trial each"


def test_unbeaten_trials():
    assert unbeaten([(3, 5), (1, 2), (2, 2), (2, 4), (4, 4), (1, 1)]) == [(1, 2), (2, 4), (3, 5)]
