"""The requirements of the run."""

import numpy as np
import pandas as pd
import pytest

from prefclip.reporting.estimates import Estimates, read_estimates
from prefclip.reporting.requirements import Requirement, recovered_share, required_numbers
from prefclip.reporting.tables import leaf, make_table
from prefclip.reporting.traced import Traced


def samples(value):
    return Traced(np.full((1, 5), value))


def test_won_back_share_is_zero_at_clip_and_one_at_clean_accuracy():
    untouched, clean = samples(0.3), samples(0.9)
    for tuned, share in ((untouched, 0.0), (clean, 1.0), (samples(0.6), 0.5), (samples(0.2), -1 / 6)):
        assert recovered_share(tuned, untouched, clean).samples == pytest.approx(np.full((1, 5), share))


def test_nothing_lost_leaves_nothing_to_win_back():
    share = recovered_share(samples(0.9), samples(0.9), samples(0.9)).samples
    assert np.isnan(share).all()
    assert np.isnan(Estimates({}, {}, 0.95).estimate(share).value)


def test_resamples_without_a_denominator_are_left_out():
    share = np.array([[0.5, np.nan, 0.4, 0.5, 0.6]])
    found = Estimates({}, {}, 0.95).estimate(share)
    assert found.value == 0.5 and 0.4 <= found.low <= 0.5 <= found.high <= 0.6
    assert np.isnan(Estimates({}, {}, 0.95).estimate(np.array([[0.5, np.nan, np.nan, np.nan]])).low)


@pytest.mark.parametrize(
    ("sense", "threshold", "value", "met"),
    [
        (">=", 0.6, 0.6, "yes"),
        (">=", 0.6, 0.59, "no"),
        ("<=", 0.05, 0.05, "yes"),
        ("<=", 0.05, 0.06, "no"),
        (">=", 0.6, float("nan"), "no"),
        (">=", float("nan"), 0.1, ""),
    ],
)
def test_requirements_are_met_at_their_threshold(sense, threshold, value, met):
    assert Requirement("dpo", "recovered_share", "animals", sense, threshold).met(value) == met


def test_table_follows_from_the_accuracies(made_up):
    config, layout = made_up
    estimates = read_estimates(config, layout)
    lines = leaf("main_results").make(config, layout).lines
    found = pd.DataFrame(lines).set_index(["method", "requirement", "scope"]).sort_index()

    def mean(method, weights, dataset, images):
        return estimates.of(method, weights, dataset, images)[:, 0].mean()

    clip_clean, clip_attacked = (mean("clip", "raw", "food", kind) for kind in ("clean", "typographic"))
    won = (mean("dpo", "averaged", "food", "typographic") - clip_attacked) / (clip_clean - clip_attacked)
    row = found.loc[("dpo", "recovered_share", "zero_shot_mean")]
    assert row["value"] == pytest.approx(won, abs=1e-6) and pd.isna(row["threshold"]) and row["met"] == ""
    drop = clip_clean - mean("dpo", "averaged", "food", "clean")
    assert found.loc[("dpo", "clean_drop", "zero_shot_mean"), "value"] == pytest.approx(drop, abs=1e-6)
    assert set(found.drop("clip").loc[:, "met"]) == {""}
    lost = mean("clip", "raw", "food", "clean") - mean("clip", "raw", "food", "typographic")
    reading = mean("clip", "raw", "food", "ink") - mean("clip", "raw", "food", "typographic")
    share = found.loc[("clip", "reading_share", "zero_shot_mean")]
    assert share["value"] == pytest.approx(reading / lost, abs=1e-6) and share["threshold"] == 0.6
    assert found.loc[("clip", "clean_accuracy", "animals"), "threshold"] == 0.85
    confusion = found.loc[("clip", "text_confusion", "train_and_zero_shot_mean"), "value"]
    errors = found.loc[("clip", "word_among_errors", "train_and_zero_shot_mean"), "value"]
    attacked = np.mean([mean("clip", "raw", name, "typographic") for name in ("animals", "food")])
    assert errors == pytest.approx(confusion / (1 - attacked), abs=1e-5)


def test_only_the_base_model_has_to_show_something(made_up):
    config, layout = made_up
    wanted = [
        (requirement.method, requirement.name, requirement.scope, requirement.threshold)
        for requirement, _ in required_numbers(read_estimates(config, layout), config)
        if not np.isnan(requirement.threshold)
    ]
    both = "train_and_zero_shot_mean"
    assert wanted == [
        ("clip", "clean_accuracy", "animals", 0.85),
        ("clip", "clean_accuracy", "zero_shot_mean", 0.90),
        ("clip", "lost_under_attack", both, 0.25),
        ("clip", "reading_share", "animals", 0.5),
        ("clip", "reading_share", "zero_shot_mean", 0.6),
        ("clip", "lost_on_slips", both, 0.20),
        ("clip", "text_confusion", both, 0.30),
    ]


def test_csv_keeps_empty_thresholds_empty(copied):
    _, layout = copied
    make_table(layout, "main_results")
    frame = pd.read_csv(layout.table("main_results"))
    assert frame.loc[frame["method"] == "ce", ["threshold", "met"]].isna().all(axis=None)
