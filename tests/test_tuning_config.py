"""The search for settings: equal trials for all methods, and how what it chose comes into a configuration."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefclip.config import ConfigError, check_config
from prefclip.config.tuning import KEYS, radical_inverse

RANGES = {"learning_rate": [1e-3, 1e-1], "regulariser_weight": [0.1, 10.0], "beta": [0.01, 1.0]}
METHODS = {name: {"objective": name} for name in ("ce", "ce_kl", "dpo", "ipo", "kto")}


def config_of(**changes):
    return check_config({"methods": METHODS, "tuning": {"trials": 6, "ranges": RANGES}, **changes}, "run.yaml")


def test_every_method_has_as_many_trials_at_the_same_points():
    config = config_of()
    by_method = {name: [trial for trial in config.trials if trial.method == name] for name in METHODS}
    assert {len(trials) for trials in by_method.values()} == {6}
    assert [set(trials[0].values) for trials in by_method.values()] == [
        {"learning_rate"},
        {"learning_rate", "regulariser_weight"},
        *([set(KEYS)] * 3),
    ]
    for trials in by_method.values():
        for trial, other in zip(trials, by_method["dpo"], strict=True):
            assert trial.values.items() <= other.values.items()
            for key, value in trial.values.items():
                assert RANGES[key][0] <= value <= RANGES[key][1]
    assert [trial.values["learning_rate"] for trial in by_method["ce"]][:3] == [0.01, 0.0032, 0.032]


def test_more_trials_keep_the_first_ones():
    few, many = config_of(), config_of(tuning={"trials": 9, "ranges": RANGES})
    named = {trial.name: trial.settings for trial in many.trials}
    assert all(named[trial.name] == trial.settings for trial in few.trials)


def test_trials_are_methods_but_no_rows():
    config = config_of()
    assert set(config.every_method) == set(METHODS) | {trial.name for trial in config.trials}
    assert set(config.methods) == set(METHODS)
    assert config.every_method["ce_kl-trial002"].parameters["regulariser_weight"] == 2.2


@given(st.integers(1, 10_000), st.sampled_from([2, 3, 5]))
def test_digits_are_mirrored(number, base):
    found = radical_inverse(number, base)
    assert 0 < found < 1
    digits = []
    while number:
        number, digit = divmod(number, base)
        digits.append(digit)
    assert found == pytest.approx(sum(digit * base ** -(place + 1.0) for place, digit in enumerate(digits)))


def test_chosen_settings_fill_what_a_method_does_not_name(tmp_path):
    file = tmp_path / "tuned.json"
    chosen = {"learning_rate": 0.003, "parameters": {"beta": 0.2}, "trial": 3}
    file.write_text(json.dumps({"methods": {"dpo": chosen, "kto": chosen, "gone": chosen}}))
    methods = METHODS | {"kto": {"objective": "kto", "parameters": {"beta": 1.0}}}
    config = config_of(methods=methods, tuned=str(file))
    assert (config.methods["dpo"].learning_rate, config.methods["dpo"].parameters) == (0.003, {"beta": 0.2})
    assert config.methods["kto"].learning_rate is None and config.methods["kto"].parameters == {"beta": 1.0}
    assert config.methods["ipo"].learning_rate is None and "gone" not in config.methods
    file.unlink()
    assert check_config(config.plain, "config.json").methods == config.methods, "a resolved one needs no file"


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"methods": {"dpo": {}}}', '{"methods": {"dpo": 3}}'])
def test_a_file_that_chose_nothing(tmp_path, text):
    file = tmp_path / "tuned.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=r"tuned: .*tuned\.json: .*docs/tuning\.md"):
        config_of(tuned=str(file))


@pytest.mark.parametrize(
    ("tuning", "complaint"),
    [
        ({"trials": 0, "ranges": RANGES}, "trials"),
        ({"trials": 10_000_000, "ranges": RANGES}, "trials: must be less than or equal to 1000"),
        ({"ranges": {}}, "ranges"),
        ({"ranges": {"learning_rate": [1e-2, 1e-3]}}, "the lower end comes first"),
        ({"ranges": {"beta": [0.1]}}, r"ranges.beta: expected at least 2 item\(s\), got \[0.1\]"),
        ({"ranges": {"beta": [0.1, 1, 2]}}, r"ranges.beta: expected at most 2 item\(s\)"),
        ({"ranges": {"learning_rate": [0.0, 1e-3]}}, "learning_rate"),
        ({"ranges": {"epochs": [1, 3]}}, "epochs"),
    ],
)
def test_searches_that_are_none(tuning, complaint):
    with pytest.raises(ConfigError, match=complaint):
        config_of(tuning=tuning)


def test_a_method_may_not_be_called_like_a_trial():
    with pytest.raises(ConfigError, match=r"methods\.dpo-trial001: a trial of dpo has this name"):
        config_of(methods=METHODS | {"dpo-trial001": {"objective": "ipo"}})
