"""The workflow before anything runs: style, speed, and configurations that it refuses."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from smoke_run import ROOT, SETTINGS, Checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    """A fresh copy of the repository; no test runs a job in it."""
    return Checkout(tmp_path_factory.mktemp("fresh") / "repository").copy()


def test_a_dry_run_of_the_default_experiment_takes_less_than_5_seconds(checkout):
    """Processor time, for other processes may use the machine too."""
    answer = checkout.snakemake("--dry-run", config=None)
    assert answer.code == 0, answer.output
    assert answer.cpu_seconds < 5
    assert answer.jobs["train_policy"] + answer.jobs["train_policy_without_averaging"] == 15
    assert answer.jobs["evaluate_model"] == 16 and answer.jobs["build_manifest"] == 7
    assert not (checkout.folder / "results").exists()


APART = ("claims", "rehearsal")  # the ledger, and what is laid over another one
SHIPPED = sorted(f"config/{path.name}" for path in (ROOT / "config").glob("*.yaml") if path.stem not in APART)


@pytest.mark.parametrize("configs", [*([each] for each in SHIPPED), ["config/paper.yaml", "config/rehearsal.yaml"]])
def test_every_shipped_configuration_gives_a_workflow(checkout, configs):
    answer = checkout.snakemake("--dry-run", "--quiet", "--configfile", *configs, config=None)
    assert answer.code == 0, answer.output


ENTRIES = ("Snakefile", "workflow/Snakefile")


@pytest.mark.parametrize("entry", ENTRIES)
def test_lint(checkout, entry):
    answer = checkout.snakemake("--lint", "--snakefile", entry, config=None)
    assert answer.code == 0, answer.output


def test_both_entries_plan_the_same_run(checkout):
    """Without naming a target: the Snakefile at the root hands the default one on."""
    plans = [checkout.snakemake("--dry-run", "--snakefile", entry) for entry in ENTRIES]
    assert [plan.code for plan in plans] == [0, 0], plans[0].output
    assert plans[0].jobs == plans[1].jobs and plans[0].jobs["build_report"] == 1


def test_weights_that_are_computed_wait_for_the_training_they_build_on(checkout):
    wise = {"kind": "interpolated", "parameters": {"of": "dpo"}}
    answer = checkout.dry_run(methods={**SETTINGS["methods"], "wise": wise})
    assert {rule: answer.jobs[rule] for rule in ("derive_weights", "train_policy", "evaluate_model")} == {
        "derive_weights": 1,
        "train_policy": 1,
        "evaluate_model": 4,
    }


def test_format():
    command = Path(sys.executable).with_name("snakefmt")
    if not command.exists():
        pytest.skip("snakefmt is not installed")
    run = subprocess.run([command, "--check", "Snakefile", "workflow"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"methods": {"dpo": {"objective": "ppo"}}},
            "methods.dpo: unknown objective 'ppo', allowed: ce, ce_kl, dpo",
        ),
        (
            {"data": {"zero_shot": ["foods"]}},
            "data.zero_shot: unknown data set 'foods'; allowed: activities, animals, food",
        ),
        ({"training": {"epoch": 3}}, "unknown key 'training.epoch' (did you mean 'epochs'?)"),
        ({"seeds": [0, 0]}, "seeds: 0 occurs twice; name each once."),
        ({"evaluation": {"confidence": 2}}, "evaluation.confidence: must be less than 1, got 2."),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_bad_configurations_are_refused_before_anything_runs(checkout, changes, message):
    path = checkout.configure({**SETTINGS, "experiment": "bad", **changes}, "bad")
    answer = checkout.snakemake("all", "--cores", "1", config=path)
    assert answer.code == 1 and answer.output.count("\n") == 1, answer.output
    assert answer.output.startswith(f"prefclip: {checkout.folder / path}: ") and message in answer.output
    assert not (checkout.folder / "results").exists()
    (checkout.folder / path).unlink()


def test_a_file_of_ones_own_replaces_the_default_even_without_a_name(checkout):
    """It is not merged into it: the default has five methods and seven data sets."""
    path = checkout.configure({"methods": {"dpo": {"objective": "dpo"}}, "data": {"zero_shot": [], "bias": []}}, "own")
    answer = checkout.snakemake("--dry-run", config=path)
    (checkout.folder / path).unlink()
    assert answer.code == 0, answer.output
    assert answer.jobs["build_manifest"] == 1 and answer.jobs["train_policy"] == 3
    assert "train_policy_without_averaging" not in answer.jobs


def test_several_files_are_merged_in_their_order(checkout):
    paths = [
        checkout.configure(SETTINGS, "first"),
        checkout.configure({"experiment": "second", "seeds": [4]}, "second"),
    ]
    answer = checkout.snakemake("--dry-run", "--configfile", *paths, config=None)
    assert answer.code == 0 and "results/second/checkpoints/emoji-clip/dpo/seed4/" in answer.output, answer.output
    for path in paths:
        (checkout.folder / path).unlink()


def test_missing_weights_are_named(checkout):
    path = checkout.configure({**SETTINGS, "model": {"weights": "resources/none.safetensors"}}, "bad")
    answer = checkout.snakemake("--dry-run", config=path)
    (checkout.folder / path).unlink()
    assert answer.code == 1 and "Missing input files" in answer.output and "resources/none.safetensors" in answer.output


def test_one_key_can_be_changed_on_the_command_line(checkout):
    answer = checkout.snakemake("--dry-run", "--config", "seeds=[7]", config=None)
    assert answer.code == 0 and "dpo/seed7" in answer.output and "dpo/seed0" not in answer.output


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_a_read_only_results_folder_is_named(checkout):
    (checkout.folder / "results").mkdir()
    mount = "mount -t tmpfs -o ro none results"
    try:
        if subprocess.run(
            ["unshare", "--mount", "sh", "-c", mount], cwd=checkout.folder, capture_output=True
        ).returncode:
            pytest.skip("only root may mount a disk")
        snakemake = Path(sys.executable).with_name("snakemake")
        command = f"{mount} && {snakemake} all --cores 1 --configfile config/smoke.yaml"
        run = subprocess.run(
            ["unshare", "--mount", "sh", "-c", command], cwd=checkout.folder, capture_output=True, text=True
        )
        assert run.returncode == 1
        assert "results/smoke/config.json: cannot be written (Read-only file system); make its folder" in run.stderr
    finally:
        (checkout.folder / "results").rmdir()
