"""Sweeps: what they expand into, and the mistakes in them."""

import copy
import random
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from prefclip.config import Config, ConfigError, check_config
from prefclip.datasets.registry import DATASETS
from prefclip.run.files import files_of, store_config
from prefclip.run.plan import method_runs, sweep_runs
from prefclip.run.steps.train import Train

ROOT = Path(__file__).resolve().parents[1]
EMBEDDED = yaml.safe_load((ROOT / "config/embedded.yaml").read_text(encoding="utf-8"))
OWN = {"dpo": {"objective": "dpo", "parameters": {"beta": 0.5}}, "ipo": {"objective": "ipo", "learning_rate": 0.002}}
BETA = {"vary": "beta", "methods": ["dpo"], "values": [0.1, 1]}


def with_grids(grids: dict, zero_shot: list | None = None, **changes: object) -> Config:
    """The default experiment with other sweeps, 6,400 training images and settings of its own."""
    values = copy.deepcopy(EMBEDDED) | {"concepts": {}, "sweeps": {"zero_shot": zero_shot, "grids": grids}} | changes
    values["data"]["train_images"] = 6400
    values |= {"tuned": None, "tuning": None}
    if "methods" not in changes:
        values["methods"] |= OWN
    return check_config(values, "run.yaml", DATASETS)


def points_of(grid: dict, **changes: object) -> list:
    return list(with_grids({"sweep": grid}, **changes).grid_points)


def test_a_point_is_its_main_method_with_one_thing_changed():
    config = with_grids({"beta": BETA})
    assert [(point.name, point.value) for point in config.grid_points] == [("dpo-beta-0p1", 0.1), ("dpo-beta-1", 1.0)]
    for point in config.grid_points:
        main = config.methods["dpo"].model_dump()
        changed = point.settings.model_dump()
        assert changed.pop("parameters") == {**main.pop("parameters"), "beta": point.value}
        assert changed == main and point.seeds == config.seeds
    assert list(config.every_method) == [*config.methods, "dpo-beta-0p1", "dpo-beta-1"]
    assert [point.method for point in config.grid_points if point.name == "dpo-beta-1"] == ["dpo"]


@pytest.mark.parametrize(
    ("grid", "names"),
    [
        ({**BETA, "values": [0.5, 1e-5, "1e-2"]}, ["dpo", "dpo-beta-1e-05", "dpo-beta-0p01"]),
        ({"vary": "regulariser_weight", "methods": ["dpo", "kto"], "values": [0]}, ["dpo-lambda-0", "kto-lambda-0"]),
        ({"vary": "max_train_images", "methods": ["ce"], "values": [400, 6400]}, ["ce-images-400", "ce"]),
        ({"vary": "averaging", "methods": ["ce", "dpo"], "values": [True]}, ["ce-averaging-on", "dpo"]),
        ({"vary": "trainable", "methods": ["dpo"], "values": ["image", "head"]}, ["dpo", "dpo-trainable-head"]),
        ({"vary": "words", "methods": ["dpo"], "values": [1, 3]}, ["dpo", "dpo-words-3"]),
        (
            {"vary": "words", "methods": ["dpo"], "values": [1, 3], "fixed": {"max_train_images": 400}},
            ["dpo-images-400", "dpo-images-400-words-3"],
        ),
        ({"vary": "learning_rate", "methods": ["dpo", "ipo"], "values": [0.002]}, ["dpo-rate-0p002", "ipo"]),
        ({"vary": "epochs", "methods": ["dpo"], "values": [3, 4]}, ["dpo", "dpo-epochs-4"]),
        ({"vary": "batch_size", "methods": ["dpo"], "values": [64, 128]}, ["dpo-batch-64", "dpo"]),
        ({"vary": "reference_point", "methods": ["kto"], "values": ["exact"]}, ["kto-reference_point-exact"]),
        ({"vary": "seed", "methods": ["dpo"], "values": [0, 4]}, ["dpo", "dpo"]),
    ],
)
def test_names_say_what_differs_and_equal_points_are_the_main_method(grid, names):
    points = points_of(grid)
    assert [point.name for point in points] == names
    main = with_grids({}).methods
    assert all(point.settings == main[point.name] for point in points if point.name in main)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) for name in names)


def test_seeds_of_a_sweep_are_those_of_the_run_its_own_or_its_values():
    assert points_of(BETA)[0].seeds == (0, 1, 2)
    assert points_of({**BETA, "seeds": [3]})[0].seeds == (3,)
    assert [point.seeds for point in points_of({"vary": "seed", "methods": ["ce"], "values": [0, 7]})] == [(0,), (7,)]


def test_a_run_that_two_sweeps_share_is_made_once():
    size = {"vary": "max_train_images", "methods": ["dpo"], "values": [400], "seeds": [0]}
    words = {"vary": "words", "methods": ["dpo"], "values": [1], "fixed": {"max_train_images": 400}, "seeds": [0, 1]}
    config = with_grids({"size": size, "words": words})
    further = [("emoji-clip", "dpo-images-400", 0), ("emoji-clip", "dpo-images-400", 1)]
    assert sweep_runs(config) == [*method_runs(config), *further]


def test_main_runs_are_scored_on_all_sets_and_the_others_on_a_few():
    config = with_grids({"beta": BETA}, zero_shot=["travel"])
    assert config.scored_datasets("clip", 0) == config.scored_datasets("dpo", 2) == config.datasets
    assert config.scored_datasets("dpo-beta-1", 0) == config.scored_datasets("dpo", 9) == ("animals", "travel")
    assert with_grids({}).scored_datasets("dpo", 9)[1:] == config.data.zero_shot


def test_only_runs_with_more_words_than_the_main_one_read_the_further_stack():
    words = {"vary": "words", "methods": ["dpo"], "values": [1, 3, 5], "fixed": {"max_train_images": 400}}
    config = with_grids({"words": words})
    assert config.further_words == (5, 400)
    assert Train(config, "dpo-images-400", 0).input == Train(config, "dpo", 0).input
    further = Train(config, "dpo-images-400-words-3", 0).input["attacked_images"]
    assert further == files_of(config).attacked_images("animals", words=True)
    assert with_grids({"words": {**words, "fixed": {}}}).further_words == (5, None)
    assert with_grids({"beta": BETA}).further_words is None


def test_a_copy_with_other_methods_has_other_points():
    config = with_grids({"beta": BETA})
    assert "dpo-beta-1" in config.every_method
    fewer = config.model_copy(update={"sweeps": type(config.sweeps)()})
    assert list(fewer.every_method) == list(config.methods)


values = st.lists(st.floats(1e-6, 1e6) | st.integers(1, 10**6), min_size=1, max_size=5, unique_by=float)


@settings(max_examples=40)
@given(beta=values, weight=values, images=st.lists(st.integers(1, 6400), min_size=1, max_size=4, unique=True))
def test_different_points_have_different_names_in_any_order(beta, weight, images):
    grids = {
        "beta": {"vary": "beta", "methods": ["dpo", "ipo", "kto"], "values": beta},
        "weight": {"vary": "regulariser_weight", "methods": ["dpo", "ce_kl"], "values": weight},
        "size": {"vary": "max_train_images", "methods": ["dpo", "ce"], "values": images, "fixed": {"epochs": 2}},
    }
    config = with_grids(grids)
    found = {(point.method, point.vary, point.value): (point.name, point.settings) for point in config.grid_points}
    assert len(found) == len(config.grid_points) == 3 * len(beta) + 2 * len(weight) + 2 * len(images)
    by_name: dict = {}
    for name, found_settings in found.values():
        assert by_name.setdefault(name, found_settings) == found_settings
    others = len(
        {(point.method, point.vary, point.value) for point in config.grid_points if point.name not in config.methods}
    )
    assert others == len(set(by_name) - set(config.methods))
    shuffled = [(name, {**grid, "values": grid["values"][::-1]}) for name, grid in grids.items()]
    random.Random(0).shuffle(shuffled)
    again = with_grids(dict(shuffled)).grid_points
    assert {(point.method, point.vary, point.value): (point.name, point.settings) for point in again} == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methods": ["dpoo"]}, "sweeps.grids.beta.methods: unknown method 'dpoo'; allowed: ce, ce_kl, dpo, ipo, kto."),
        ({"methods": ["clip"]}, "sweeps.grids.beta.methods: unknown method 'clip'; allowed: ce,"),
        ({"methods": []}, "sweeps.grids.beta.methods: expected at least 1 item(s), got []."),
        ({"methods": ["dpo", "dpo"]}, "sweeps.grids.beta.methods: 'dpo' occurs twice"),
        ({"methods": ["ce"]}, "sweeps.grids.beta.vary: ce has no setting 'beta'; allowed: seed, averaging,"),
        ({"vary": "colour"}, "sweeps.grids.beta.vary: dpo has no setting 'colour'; allowed: seed, averaging,"),
        ({"vary": "objective", "values": ["ipo"]}, "sweeps.grids.beta.vary: dpo has no setting 'objective'"),
        ({"values": []}, "sweeps.grids.beta.values: expected at least 1 item(s), got []."),
        ({"values": [1, 1.0]}, "sweeps.grids.beta.values: 1 occurs twice; name each once."),
        ({"values": [0]}, "sweeps.grids.beta: beta of objective 'dpo' must be a number > 0, got 0"),
        ({"values": ["hot"]}, "sweeps.grids.beta: beta of objective 'dpo' must be a number > 0, got 'hot'"),
        ({"values": 3}, "sweeps.grids.beta.values: expected a list, got 3."),
        ({"vary": "trainable", "values": ["heads"]}, "sweeps.grids.beta: trainable: must be 'image', 'all' or 'head'"),
        ({"vary": "words", "values": [0]}, "sweeps.grids.beta: words: must be greater than 0, got 0."),
        ({"vary": "words", "values": [1.5]}, "sweeps.grids.beta: words: expected a whole number, got 1.5."),
        ({"vary": "averaging", "values": [3]}, "sweeps.grids.beta: averaging: expected true or false, got 3."),
        (
            {"vary": "max_train_images", "values": [9000]},
            "sweeps.grids.beta.values: 9000 images, but training has only 6400.",
        ),
        ({"fixed": {"max_train_images": 9000}}, "sweeps.grids.beta.fixed: 9000 images, but training has only 6400."),
        ({"fixed": {"colour": 1}}, "sweeps.grids.beta.fixed: dpo has no setting 'colour'; allowed: averaging,"),
        ({"fixed": {"seed": 1}}, "sweeps.grids.beta.fixed: dpo has no setting 'seed'; allowed: averaging,"),
        ({"fixed": {"beta": 1}}, "sweeps.grids.beta: fixed: beta is what the sweep varies; remove it here."),
        ({"seeds": [1, 1]}, "sweeps.grids.beta.seeds: 1 occurs twice"),
        ({"seeds": []}, "sweeps.grids.beta.seeds: expected at least 1 item(s), got []."),
        ({"vary": "seed", "values": [1], "seeds": [1]}, "sweeps.grids.beta: seeds: a sweep over seeds takes them from"),
        ({"vary": "seed", "values": [0.5]}, "sweeps.grids.beta.values: a seed is a whole number >= 0, got 0.5."),
        ({"vary": "seed", "values": ["one"]}, "sweeps.grids.beta.values: a seed is a whole number >= 0, got 'one'."),
        ({"value": [1]}, "unknown key 'sweeps.grids.beta.value' (did you mean 'values'?)"),
    ],
)
def test_mistakes_name_the_sweep_and_the_key(change, message):
    with pytest.raises(ConfigError) as caught:
        with_grids({"beta": {**BETA, **change}})
    assert str(caught.value).startswith("run.yaml: ") and "\n" not in str(caught.value)
    assert message in str(caught.value)


def test_sets_that_the_run_does_not_have_are_named():
    with pytest.raises(ConfigError, match=r"sweeps\.zero_shot: 'people' is not in data\.zero_shot; allowed: food,"):
        with_grids({}, zero_shot=["people"])


def test_a_main_method_may_not_have_the_name_of_a_point():
    methods = {**EMBEDDED["methods"], **OWN, "dpo-beta-1": {"objective": "ce"}}
    with pytest.raises(ConfigError, match=r"its point 'dpo-beta-1' has the name of a method .* rename methods\.dpo-be"):
        with_grids({"beta": BETA}, methods=methods)


FOOD = {"source": "downloaded", "root": "data", "train": "food101", "zero_shot": ["sun397"], "bias": []}
WHOLE_SET = {"vary": "max_train_images", "methods": ["dpo"], "values": [75_750]}


def test_sizes_of_real_sets_are_checked_against_what_is_published():
    assert [point.name for point in points_of(WHOLE_SET, data=FOOD)] == ["dpo"]
    with pytest.raises(ConfigError, match="75751 images, but training has only 75750"):
        points_of({**WHOLE_SET, "values": [75_751]}, data=FOOD)


def test_a_run_reads_its_own_settings_as_it_was_started_with_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = with_grids({"size": WHOLE_SET}, data=FOOD)
    again = store_config(config).read_config()
    assert again == config and again.grid_points == config.grid_points


def test_a_copy_with_another_training_set_forgets_the_size_of_the_first():
    config = with_grids({"size": WHOLE_SET}, data=FOOD)
    other = config.model_copy(update={"data": config.data.model_copy(update={"train": "dtd"})})
    assert [point.name for point in other.grid_points] == ["dpo-images-75750"]
