"""The settings that ship with the repository, as DVC itself understands them, and refusals that need no run."""

import shutil

import pytest
from cloned_repository import Repository, copy_repository


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    return copy_repository(tmp_path_factory.mktemp("settings"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("core.analytics", "false"),
        ("core.check_update", "false"),
        ("core.autostage", "false"),
        ("core.remote", "store"),
        ("cache.type", "reflink,copy"),
        ("remote.store.verify", "true"),
    ],
)
def test_settings(repository, key, value):
    assert repository.run("dvc", "config", key).stdout.strip() == value


def test_the_remote_is_a_folder_beside_the_checkout(repository):
    listed = repository.run("dvc", "remote", "list").stdout.split()
    assert listed[0] == "store" and listed[1] == str(repository.root.parent / "prefclip-store")


def test_dvc_looks_only_where_data_are(repository):
    ignored = [".snakemake/log", "logs/a.log", "benchmarks/a.tsv", ".venv/bin", "src/prefclip/__pycache__/a.pyc"]
    ignored += [
        "results/embedded/scratch/a",
        "results/embedded/report/lineage.html",
        "results/embedded/tables/.a.partial.csv",
        "dvc_plots/index.html",
    ]
    assert repository.run("dvc", "check-ignore", *ignored).stdout.split() == ignored
    kept = ["results/embedded/tables/main_results.csv", "resources/embedded/emoji.parquet", "src/prefclip/cli.py"]
    repository.run("dvc", "check-ignore", *kept, fails=True)


def test_nothing_of_dvc_lies_about_in_git(repository):
    repository.run("dvc", "status")
    for name in (".dvc/cache/files/a", ".dvc/config.local", ".dvc/tmp/lock", "dvc_plots/index.html"):
        repository.run("git", "check-ignore", "-q", name)
    assert repository.git("status", "--porcelain") == ""


def test_restoring_needs_a_lock_file_that_fits(repository):
    assert "dvc.lock: no such file" in repository.refuses("restore")
    lock = repository.path("dvc.lock")
    lock.write_text("schema: '2.0'\nstages: {}\n")
    assert "dvc.lock: says nothing of results/embedded/config.json and" in repository.refuses("restore")
    lock.write_text("schema: '2.0'\nstages: [\n")
    assert "DVC cannot work here" in repository.refuses("restore")
    lock.unlink()


def test_recording_needs_the_run_that_the_dvc_file_describes(repository):
    sentence = repository.refuses("dvc", "record", "results/mine")
    assert "results/mine: dvc.yaml describes results/embedded" in sentence and "--configfile" in sentence


def test_recording_needs_the_results(repository):
    sentence = repository.refuses("dvc", "record")
    assert "results/embedded cannot be recorded, it lacks results/embedded/" in sentence and "snakemake" in sentence
    assert not repository.path("dvc.lock").exists()


def test_outside_of_git(repository, tmp_path):
    shutil.copytree(repository.root, tmp_path / "prefclip", ignore=shutil.ignore_patterns(".git", "tmp"))
    elsewhere = Repository(tmp_path / "prefclip")
    elsewhere.path("dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    sentence = elsewhere.refuses("restore")
    assert "not a git repository" in sentence and "git clone" in sentence
