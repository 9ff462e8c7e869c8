"""The same run under two names has the same bytes, and of two runs that differ in one β `audit diff` names that β."""

import json
import os
from pathlib import Path

import pytest
import yaml
from tiny_concepts import PEOPLE
from tiny_project import SETTINGS, prefclip, write_tiny_project
from tiny_world import write_tiny_world

from prefclip.config import Config
from prefclip.run.files import RunFiles
from prefclip.run.steps import step_class, step_names

# Two whole runs and a part of one, which take minutes on a busy machine.
pytestmark = pytest.mark.timeout(900)

ONE, OTHER, CHANGED = "one", "other", "changed"
TO_PREDICTIONS = ("init", "fetch", "manifest", "attacks", "ink", "pairs", "reference", "train", "evaluate")
BETA = "methods.dpo.parameters.beta"
TINY_MAP = {"epochs": 1, "batch_size": 8, "scales": [-1, 0, 1]}
WHOLE = {
    **SETTINGS,
    "data": {**SETTINGS["data"], "people_train_images": 64, "test_images": 24},
    "methods": {
        "ce": {"objective": "ce", "averaging": False},
        "dpo": {"objective": "dpo", "parameters": {"beta": 0.5}},
    },
    "concepts": {
        "reading": {"concept": "reading", **TINY_MAP},
        "gender": {"concept": "gender", "top": [2], **TINY_MAP},
    },
    "saliency": {**SETTINGS["saliency"], "images": 2, "explainers": ["hires_cam"]},
    "sweeps": {"zero_shot": ["food"], "grids": {"words": {"vary": "words", "methods": ["ce"], "values": [2]}}},
}


def commands(config: Config, run: str) -> list[list[str]]:
    """The command of every declared job of a run, each after those whose files it reads."""
    left = [job for name in step_names() for job in step_class(name).jobs(config)]
    missing = {path for job in left for path in job.output.values()}
    order = []
    while left:
        ready = [job for job in left if missing.isdisjoint(job.inputs)]
        order += ready
        left = [job for job in left if job not in ready]
        missing -= {path for job in ready for path in job.output.values()}
    return [["init", "--config", f"{Path(run).name}.yaml"], *(job.command_line(run).split() for job in order)]


def changed_beta() -> dict:
    methods = {**WHOLE["methods"], "dpo": {"objective": "dpo", "parameters": {"beta": 0.7}}}
    return {**WHOLE, "methods": methods}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The current folder: a project with two whole runs, and a third as far as its predictions."""
    folder = tmp_path_factory.mktemp("named")
    write_tiny_project(folder, write_tiny_world(tmp_path_factory.mktemp("world"), {"people": PEOPLE}))
    before = Path.cwd()
    os.chdir(folder)
    try:
        for name, settings in ((ONE, WHOLE), (OTHER, WHOLE), (CHANGED, changed_beta())):
            Path(f"{name}.yaml").write_text(yaml.safe_dump({**settings, "experiment": name}))
            for command in commands(Config.model_validate(settings), f"results/{name}"):
                if name != CHANGED or command[0] in TO_PREDICTIONS:
                    assert prefclip(*command) == 0, command
        yield folder
    finally:
        os.chdir(before)


def outputs(name: str) -> dict[str, bytes]:
    """Every output of a run by its place in it, but for records and the speed of trainings."""
    root = Path("results", name)
    apart = (".prov.json", RunFiles("").training_speed("", "", "").rpartition("/")[2], "config.json")
    found = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith(apart)]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def test_everything_is_made(project):
    names = outputs(ONE)
    assert {"report/index.html", "report/ablations.html", "explorer/explorer.json"} <= set(names) and len(names) > 100


def test_every_output_has_the_same_bytes_under_another_name(project):
    one, other = outputs(ONE), outputs(OTHER)
    assert set(one) == set(other)
    assert sorted(name for name in one if one[name] != other[name]) == []


def test_every_record_has_the_same_id_under_another_name(project):
    ids = {}
    for name in (ONE, OTHER):
        records = Path("results", name).rglob("*.prov.json")
        ids[name] = {path.relative_to(f"results/{name}"): json.loads(path.read_text())["id"] for path in records}
    assert len(ids[ONE]) > 100 and ids[ONE] == ids[OTHER]


def test_the_settings_differ_in_the_name(project):
    one, other = (json.loads(Path(RunFiles(f"results/{name}").config).read_text()) for name in (ONE, OTHER))
    assert {**one, "experiment": OTHER} == other


def test_diff_has_nothing_to_say_to_equal_runs(project, capsys):
    assert prefclip("audit", "diff", f"results/{ONE}", f"results/{OTHER}") == 0
    assert capsys.readouterr().out == ""


def test_diff_names_the_one_setting_that_moved(project, capsys):
    assert prefclip("audit", "diff", f"results/{ONE}", f"results/{CHANGED}") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" artifacts")[0] for line in lines[:2]] == [
        "settings:",
        f"  {BETA}: 0.5 → 0.7, and what follows: 4",
    ]
    assert lines[2].startswith(f"only in results/{ONE}: ") and lines[3].startswith("4 of ") and len(lines) == 4
