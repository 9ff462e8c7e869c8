"""Methods that need no training in a configuration: their settings, their sweeps, the jobs they ask for, mistakes."""

import pytest

from prefclip.config import Config, ConfigError, check_config
from prefclip.datasets.registry import DATASETS
from prefclip.objectives import names
from prefclip.run.files import files_of, store_config
from prefclip.run.plan import method_runs, sweep_runs, trained_runs
from prefclip.run.steps.derive import Derive
from prefclip.run.steps.evaluate import Evaluate
from prefclip.run.steps.train import Train
from prefclip.training.run_identity import settings_sha256

METHODS = {"ce": {"objective": "ce", "averaging": False}, "dpo": {"objective": "dpo"}}
WISE = {"kind": "interpolated", "parameters": {"of": "dpo"}}


def with_methods(methods: dict, **changes: object) -> Config:
    return check_config({"methods": {**METHODS, **methods}, "seeds": [0, 1], **changes}, "run.yaml", DATASETS)


def with_grid(**grid: object) -> Config:
    return with_methods({"wise": WISE}, sweeps={"grids": {"mix": {"methods": ["wise"], **grid}}})


def test_it_has_no_training_settings_and_stands_for_itself():
    config = with_methods({"wise": WISE})
    wise = config.methods["wise"]
    assert wise.model_dump() == WISE and config.resolved("wise") == wise
    assert wise.all_parameters == {"of": "dpo", "alpha": 0.5} and wise.kept_weights == ("raw",)
    assert wise.builds_on == ("dpo",) and not wise.is_preference
    assert config.methods["dpo"].is_preference and not config.methods["ce"].is_preference
    assert config.derived_methods == ("wise",)


def test_a_run_reads_its_own_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = with_grid(vary="alpha", values=[0.5, 1])
    again = store_config(config).read_config()
    assert again == config and again.grid_points == config.grid_points


def test_it_is_derived_from_the_weights_that_stand_for_a_method_of_its_seed():
    config = with_methods({"wise": WISE, "of_ce": {**WISE, "parameters": {"of": "ce", "alpha": 0.25}}})
    files = files_of(config)
    jobs = list(Derive.jobs(config))
    assert [(job.method, job.seed) for job in jobs] == [("wise", 0), ("wise", 1), ("of_ce", 0), ("of_ce", 1)]
    assert jobs[1].input["tuned"] == [files.checkpoint("emoji-clip", "dpo", 1, "averaged")]
    assert jobs[2].input["tuned"] == [files.checkpoint("emoji-clip", "ce", 0)]
    read = Evaluate(config, "wise", 1).input["checkpoints"]
    assert list(jobs[1].output.values()) == read
    trained = [(job.method, job.seed) for job in Train.jobs(config)]
    assert trained == [("ce", 0), ("ce", 1), ("dpo", 0), ("dpo", 1)] == [run[1:] for run in trained_runs(config)]


def test_its_step_depends_on_its_own_kind_and_settings_alone():
    names_of = {name.rpartition("/")[2] for name in Derive(with_methods({"wise": WISE}), "wise", 0).code}
    assert {"interpolated.py", "kind.py", "derived_weights.py", "derive.py"} <= names_of
    assert not {"trained.py", "untouched.py", "dpo.py", "loop.py"} & names_of
    few, many = (with_methods({"wise": WISE, **more}) for more in ({}, {"ipo": {"objective": "ipo"}}))
    assert Derive(few, "wise", 0).params == Derive(many, "wise", 0).params


def test_what_a_training_is_called_by_knows_nothing_of_kinds():
    """Resume points and checkpoints of a training keep their names."""
    few, many = with_methods({}), with_methods({"wise": WISE})
    assert settings_sha256(few, "dpo", 0) == settings_sha256(many, "dpo", 0)
    assert settings_sha256(few, "ce", 1) == "f288a13e84c17d7e30f98e346e80edb2e639a3bbbc99eec883fa219a7df4b8cf"


def test_sweeps_vary_its_parameters():
    config = with_grid(vary="alpha", values=[0, 0.5, 1])
    assert [point.name for point in config.grid_points] == ["wise-alpha-0", "wise", "wise-alpha-1"]
    assert [point.value for point in config.grid_points] == [0.0, 0.5, 1.0]
    assert [point.method for point in config.grid_points if point.name == "wise-alpha-1"] == ["wise"]
    assert config.derived_methods == ("wise", "wise-alpha-0", "wise-alpha-1")
    others = with_grid(vary="of", values=["ce", "dpo"], fixed={"alpha": 0.25})
    assert [point.name for point in others.grid_points] == ["wise-alpha-0p25-of-ce", "wise-alpha-0p25"]
    assert others.every_method["wise-alpha-0p25-of-ce"].builds_on == ("ce",)


def test_a_sweep_with_seeds_of_its_own_trains_what_it_builds_on():
    config = with_grid(vary="alpha", values=[0.75], seeds=[7])
    assert sweep_runs(config) == [*method_runs(config), ("emoji-clip", "wise-alpha-0p75", 7)]
    assert [(job.method, job.seed) for job in Train.jobs(config)][-1] == ("dpo", 7)
    assert [(job.method, job.seed) for job in Derive.jobs(config)][-1] == ("wise-alpha-0p75", 7)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({"kind": "soup"}, "methods.wise: unknown kind 'soup', allowed: "),
        ({"kind": "untouched"}, "methods.wise: kind: the untouched model is always there; allowed: interpolated"),
        ({"kind": "trained"}, f"methods.wise: key 'objective' is missing ({names()[0]}, "),
        ({"kind": "interpolated"}, "methods.wise: parameters.of must be the name of a trained method, got None."),
        ({**WISE, "parameters": {"of": 3}}, "parameters.of must be the name of a trained method, got 3.0."),
        ({**WISE, "parameters": {"of": "dpoo"}}, "methods.wise.parameters: unknown method 'dpoo'; interpolated me"),
        ({**WISE, "parameters": {"of": "clip"}}, "unknown method 'clip'; interpolated methods build on: ce, dpo."),
        ({**WISE, "parameters": {"of": "wise"}}, "methods.wise.parameters: 'wise' is not trained; interpolated meth"),
        ({**WISE, "parameters": {"of": "dpo", "alpha": 1.5}}, "parameters.alpha must be a number >= 0 and <= 1, got"),
        ({**WISE, "parameters": {"of": "dpo", "beta": 1}}, "kind 'interpolated' has no parameter 'beta', allowed are"),
        (
            {**WISE, "objective": "dpo"},
            "methods.wise: objective: interpolated methods are not trained; remove the key.",
        ),
        ({**WISE, "averaging": True}, "methods.wise: averaging: interpolated methods are not trained; remove the key."),
        ({**WISE, "epochs": 3}, "methods.wise: epochs: interpolated methods are not trained; remove the key."),
    ],
)
def test_mistakes_name_the_method_and_the_key(method, message):
    with pytest.raises(ConfigError) as caught:
        with_methods({"wise": method})
    assert str(caught.value).startswith("run.yaml: methods.wise") and "\n" not in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (
            {"vary": "beta", "values": [1]},
            "sweeps.grids.mix.vary: wise has no setting 'beta'; allowed: seed, of, alpha.",
        ),
        ({"vary": "epochs", "values": [1]}, "sweeps.grids.mix.vary: wise has no setting 'epochs'; allowed: seed, of, "),
        (
            {"vary": "alpha", "values": [1.5]},
            "sweeps.grids.mix: parameters.alpha must be a number >= 0 and <= 1, got 1.",
        ),
        (
            {"vary": "of", "values": ["ipo"]},
            "sweeps.grids.mix: unknown method 'ipo'; interpolated methods build on: ce,",
        ),
    ],
)
def test_mistakes_of_a_sweep_name_it(grid, message):
    with pytest.raises(ConfigError) as caught:
        with_grid(**grid)
    assert message in str(caught.value)
