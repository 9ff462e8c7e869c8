"""What an audit calls stale is what Snakemake would make again, for every key of the configuration and every edit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from every_key import another_value, leaves, with_value
from planned_and_stale import planned_and_stale
from smoke_run import ROOT, RUN, SETTINGS, Checkout

from prefclip.config import check_config
from prefclip.datasets.registry import DATASETS
from prefclip.lineage.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# Keys that no finished run of this kind has another value of, for all images or weights would be others'.
ONE_VALUE = (
    "experiment",
    "protocol",
    "data.source",
    "data.root",
    "data.train",
    "data.real",
    "model.name",
    "model.weights",
    "tuned",  # a file of settings that the methods name here
    "methods.ce.kind",
    "methods.dpo.kind",
    "data.bias",  # the maps need people
    "concepts.gender.dataset",
    *(f"concepts.{name}.{key}" for name in ("reading", "gender") for key in ("concept", "rank")),
    "concepts.reading.dataset",
    "sweeps.grids.beta.vary",
    "sweeps.grids.beta.methods",  # no other one has a β
)
# What another value is, where it is not the next number, the other word, or the list without its last item.
OTHERS = {
    "data.zero_shot": ["activities", "plants"],
    "data.own": {"shelf": {"folder": "shelf"}},
    "attack.conditions": ["painted", "slip"],
    "tuning": {"trials": 1, "ranges": {"learning_rate": [0.001, 0.01]}},
    "model.image_size": 32,
    "methods.ce.objective": "ce_kl",
    "methods.dpo.objective": "ipo",
    "methods.ce.parameters": {"regulariser_weight": 0.0},
    "methods.dpo.parameters": {"beta": 0.5},
    "seeds": [1, 0],
    "saliency.dataset": "plants",
    "sweeps.zero_shot": ["plants"],
    "sweeps.grids.beta.fixed": {"epochs": 2},
    **{f"concepts.{name}.objective": "ipo" for name in ("reading", "gender")},
    **{f"concepts.{name}.parameters": {"beta": 0.5} for name in ("reading", "gender")},
    **{f"concepts.{name}.start": "orthogonal" for name in ("reading", "gender")},
}

SHORT = {"epochs": 1, "scales": [-1, 0, 1]}
BASE = {
    **SETTINGS,
    "data": {**SETTINGS["data"], "people_train_images": 400},
    "seeds": [0, 1],
    "concepts": {"reading": {"concept": "reading", **SHORT}, "gender": {"concept": "gender", **SHORT, "top": [5]}},
    "saliency": {"images": 4, "examples": 1},
    "sweeps": {"grids": {"beta": {"vary": "beta", "methods": ["dpo"], "values": [0.5], "seeds": [0]}}},
}
RESOLVED = check_config(BASE, "test", DATASETS).plain


def changed(key: str, value: object) -> dict:
    return with_value(BASE, key, value)


def other_value(key: str) -> object:
    return another_value(BASE, key, OTHERS)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    """A copy of the repository, source files included, in which everything was run once."""
    folder = tmp_path_factory.mktemp("stale") / "repository"
    checkout = Checkout(folder, BASE).copy()
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copytree(ROOT / "resources", folder / "resources", dirs_exist_ok=True)
    answer = checkout.snakemake("all", "ablations", "--cores", "2")
    assert answer.code == 0, answer.output
    return checkout


@pytest.fixture
def asked(checkout, monkeypatch):
    """Gives both sets for a configuration, in this process."""
    monkeypatch.chdir(checkout.folder)

    def ask(settings: dict) -> tuple[set[str], set[str]]:
        return planned_and_stale(Project(checkout.folder), checkout.configure(settings, "changed"), RUN)

    return ask


def test_an_untouched_run_is_neither(asked):
    assert asked(BASE) == (set(), set())


@pytest.mark.parametrize("key", [key for key in leaves(RESOLVED, OTHERS) if key not in ONE_VALUE])
def test_another_value_of_one_key(asked, key):
    planned, stale = asked(changed(key, other_value(key)))
    assert planned == stale
    if not key.startswith(("reading.", "sweeps.", "data.own")):  # of what is not read, or is on another page
        assert f"{RUN}/report/index.html" in stale, "no key is without effect, and the report shows all of them"


def test_a_data_set_of_ones_own_that_is_not_used(asked):
    assert asked(changed("data.own", OTHERS["data.own"])) == (set(), set())


def of_code(checkout: Checkout) -> tuple[set[str], set[str]]:
    """Both sets with the source files of the copy."""
    environment = {**os.environ, "PYTHONPATH": str(checkout.folder / "src")}
    command = [sys.executable, str(Path(__file__).with_name("planned_and_stale.py")), "config/smoke.yaml", RUN]
    run = subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    planned, stale = json.loads(run.stdout)
    return set(planned), set(stale)


@pytest.fixture
def edited(checkout):
    """Gives both sets after text was added to a source file, which may be new; afterwards the file is as before."""
    touched = {}

    def edit(name: str, text: str = "# a comment\n") -> tuple[set[str], set[str]]:
        path = checkout.folder / "src/prefclip" / name
        touched[path] = path.read_bytes() if path.exists() else None
        path.write_bytes((touched[path] or b"") + text.encode())
        return of_code(checkout)

    yield edit
    for path, content in touched.items():
        path.write_bytes(content) if content is not None else path.unlink()


def folders(names: set[str]) -> set[str]:
    """The steps' folders of some files."""
    return {name.split("/")[2] for name in names}


@pytest.mark.parametrize(
    "name",
    [
        "objectives/kto.py",
        "methods/interpolated.py",
        "config/messages.py",
        "cli.py",
        "lineage/trace.py",
        "errors_of_mine.py",
    ],
)
def test_code_that_the_run_does_not_use(edited, name):
    assert edited(name) == (set(), set())


def test_a_figure(edited):
    planned, stale = edited("reporting/figures/retention_boxes.py")
    report = f"{RUN}/report/index.html"
    assert planned == stale == {report, *(f"{RUN}/figures/retention_boxes.{form}" for form in ("pdf", "png"))}


def test_a_loss_is_that_of_its_methods(edited):
    planned, stale = edited("objectives/dpo.py")
    assert planned == stale and f"{RUN}/checkpoints/emoji-clip/dpo/seed0/model.safetensors" in stale
    assert not [name for name in stale if "/ce/" in name]
    of_methods = {
        "checkpoints",
        "predictions",
        "embeddings",
        "saliency",
        "tables",
        "figures",
        "metrics",
        "claims",
        "explorer",
        "report",
    }
    of_maps = {"concept_maps", "concept_sweeps", "concept_spectra"}  # which this loss trains, too
    assert folders(stale) == of_methods | of_maps


def test_the_command_of_a_step(edited):
    planned, stale = edited("run/steps/train.py")
    trained = {
        f"{RUN}/checkpoints/emoji-clip/{method}/seed{seed}/model.safetensors"
        for method in ("ce", "dpo")
        for seed in (0, 1)
    }
    assert planned == stale and trained < stale
    assert not {"data", "attacked", "preferences", "reference"} & folders(stale)


def test_what_draws_the_words(edited):
    planned, stale = edited("attacks/typography.py")
    assert (
        planned == stale
        and {"attacked", "preferences", "checkpoints"} < folders(stale)
        and "data" not in folders(stale)
    )
