"""A kind of methods is a file: it describes itself, needs no other, and one file more is one kind more."""

import subprocess
import sys
from pathlib import Path

import pytest

from prefclip import methods
from prefclip.methods import TRAINED, UNTOUCHED, configurable, kind_of, names
from prefclip.reporting.labels import method_label

SOUP = """
from prefclip.methods.kind import Kind
from prefclip.parameters import TrainedMethod

def weights(base, tuned, parameters):
    return {name: sum(each[name] for each in tuned.values()) / len(tuned) for name in base}

KIND = Kind(
    __name__,
    label="Soup",
    description="the mean of two methods",
    parameters={"one": TrainedMethod("the first"), "other": TrainedMethod("the second")},
    builds_on=lambda parameters: (parameters["one"], parameters["other"]),
    weights=weights,
)
"""
USE = """
import sys, prefclip.methods
prefclip.methods.__path__.append(sys.argv[1])

from prefclip.config import ConfigError, check_config, json_schema
from prefclip.run.plan import sweep_runs, trained_runs
from prefclip.run.steps import step_class
methods = {"ce": {"objective": "ce"}, "dpo": {"objective": "dpo"}}
soup = {"kind": "soup", "parameters": {"one": "ce", "other": "dpo"}}
config = check_config({"methods": {**methods, "soup": soup}, "seeds": [4]}, "run.yaml")
assert config.methods["soup"].builds_on == ("ce", "dpo")
assert "soup" in json_schema()["$defs"]["MethodConfig"]["properties"]["kind"]["enum"]
assert [run[1:] for run in trained_runs(config)] == [("ce", 4), ("dpo", 4)]
(job,) = step_class("derive").jobs(config)
assert [path.split("/")[-3:] for path in job.input["tuned"]] == [
    ["ce", "seed4", "averaged.safetensors"], ["dpo", "seed4", "averaged.safetensors"]
]
try:
    check_config({"methods": {"ce": {"objective": "ce"}, "soup": soup}}, "run.yaml")
except ConfigError as error:
    wanted = "methods.soup.parameters: unknown method 'dpo'; soup methods build on: ce."
    assert str(error) == f"run.yaml: {wanted}", error
else:
    raise AssertionError
assert "torch" not in sys.modules

from prefclip.reporting.labels import method_label
assert method_label("soup") == "Soup" and method_label("stew") == "stew"
"""


@pytest.mark.parametrize("name", names())
def test_a_kind_describes_itself(name):
    kind = kind_of(name)
    assert kind.name == name and kind.description and method_label(name) == kind.label
    assert all(parameter.meaning and parameter.allowed for parameter in kind.parameters.values())
    assert (kind.weights is None) == (name in (UNTOUCHED, TRAINED))


def test_names_are_the_files_of_the_folder():
    files = {path.stem for path in Path(methods.__file__).parent.glob("*.py")}
    assert set(names()) == files - {"__init__", *methods.SHARED}
    assert set(configurable()) == set(names()) - {UNTOUCHED} and TRAINED in configurable()
    assert method_label("clip") == kind_of(UNTOUCHED).label


@pytest.mark.parametrize("name", names())
def test_using_a_kind_loads_no_other_and_describing_it_no_torch(name):
    code = f"import sys, prefclip.methods.{name} as kind; print(kind.KIND.allowed, *sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {module for module in run.stdout.split() if module.startswith("prefclip.methods.")}
    assert loaded == {f"prefclip.methods.{each}" for each in (*methods.SHARED, name)}
    assert "torch" not in run.stdout.split()


def test_one_file_more_is_one_kind_more(tmp_path):
    (tmp_path / "soup.py").write_text(SOUP)
    run = subprocess.run([sys.executable, "-c", USE, tmp_path], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
