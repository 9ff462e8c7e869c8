"""The vars of dvc.yaml: what `prefclip dvc write` sets, and what is refused where they do not fit."""

import shutil

import pytest
import yaml
from cloned_repository import ROOT

from prefclip.config import ConfigError, check_config, read_config
from prefclip.datasets.registry import DATASETS
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.versions.pipeline import described_run, run_vars, write_vars, written_vars

CONFIG = "config/embedded.yaml"


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "config").mkdir()
    for name in ("dvc.yaml", CONFIG, "config/paper.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return Project(tmp_path)


def test_only_the_vars_change(project):
    path = project.root / "dvc.yaml"
    before = path.read_text()
    assert write_vars(project, CONFIG) == path and path.read_text() == before
    write_vars(project, "config/paper.yaml")
    changed = path.read_text()
    for text, part in ((before, 0), (before, -1)):
        kept = text.split("vars:\n" if part == 0 else "\nmetrics:")[part]
        assert kept and kept in changed
    assert described_run(project)[0] == "config/paper.yaml"
    write_vars(project, CONFIG)
    assert path.read_text() == before


def test_what_the_vars_say_of_a_downloaded_run(project):
    write_vars(project, "config/paper.yaml")
    found = written_vars(project)
    config = read_config(project.root / "config/paper.yaml", datasets=DATASETS)
    assert found["run"] == "results/paper" and found["model"] == config.model.key
    assert found["base"] == "envs/requirements.lock", "the weights are a tag, which the locked packages explain"
    assert list(found["sources"]) == list(config.datasets) and found["checked"] == ["clip_check"]
    # SCAM's three sets lie in one folder.
    assert found["sources"]["noscam"] == found["raw"]["scam"] == "data/scam" and "noscam" not in found["raw"]
    assert set(found["raw"].values()) == set(found["sources"].values())


def test_names_that_look_like_other_things_stay_names():
    methods = {name: {"objective": "ce", "averaging": False} for name in ("007", "on", "1e3", "null")}
    config = check_config({"experiment": "0x1", "methods": methods, "seeds": [7]}, "test")
    found = yaml.safe_load(yaml.safe_dump(run_vars(CONFIG, config)))
    assert found["methods"] == ["007", "on", "1e3", "null"] and found["seeds"] == [7]
    assert found["run"] == "results/0x1"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seeds: [0, 1, 2]", "seeds: [0, 1]", r"its var seeds is \[0, 1\], with .* it should be \[0, 1, 2\]"),
        ("checked: []", "checked: [clip_check]", "its var checked is"),
        ("    model: emoji-clip\n", "", "its var model is None"),
    ],
)
def test_vars_that_do_not_fit_are_refused(project, old, new, words):
    path = project.root / "dvc.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(LineageError, match=rf"dvc\.yaml: {words}.*; run `prefclip dvc write --configfile {CONFIG}`"):
        described_run(project)
    write_vars(project, CONFIG)
    assert described_run(project)[0] == CONFIG


def test_a_changed_configuration_is_refused_until_the_vars_follow(project):
    path = project.root / CONFIG
    path.write_text(path.read_text().replace("\nseeds: [0, 1, 2]", "\nseeds: [0]"))
    with pytest.raises(LineageError, match=r"its var seeds is \[0, 1, 2\]"):
        described_run(project)
    path.write_text("methods: 1")
    with pytest.raises(ConfigError, match="methods"):
        described_run(project)


@pytest.mark.parametrize(
    "text", ["", "stages: {}\n", "vars: []\n", "vars: [1\n", "vars:\n  - a: 1\n", "vars: {a: 1}\n", "\x00"]
)
def test_a_dvc_file_without_vars(project, text):
    (project.root / "dvc.yaml").write_text(text)
    with pytest.raises(LineageError, match=r"dvc\.yaml: has no vars that name a configuration; `git checkout"):
        described_run(project)


def test_no_dvc_file(project):
    (project.root / "dvc.yaml").write_bytes(b"\xff")
    with pytest.raises(LineageError, match=r"dvc\.yaml: cannot be read"):
        described_run(project)
    (project.root / "dvc.yaml").unlink()
    with pytest.raises(LineageError, match=r"dvc\.yaml: no such file"):
        write_vars(project, CONFIG)


@pytest.mark.parametrize("changes", [{}, {"source": "downloaded", "train": "caltech101", "bias": []}])
def test_own_folders_are_sources_too(changes):
    data = {"zero_shot": ["shelf"], "own": {"shelf": {"folder": "pictures/shelf"}}, **changes}
    settings = {"data": data, "methods": {"dpo": {"objective": "dpo"}}}
    settings |= {"model": {"name": "ViT-B-32", "weights": "openai"}} if changes else {}
    found = run_vars("config/my run.yaml", check_config(settings, "test", DATASETS))
    assert found["sources"]["shelf"] == "pictures/shelf" and "shelf" not in found["raw"]
    assert found["make"] == "snakemake --configfile 'config/my run.yaml' --cores all"
