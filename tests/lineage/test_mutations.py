"""Whatever is changed after a run is found, with the right state and exit code; what is untouched raises no alarm."""

import hashlib
import importlib.metadata
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from demo_project import RAW, RUN, SETTINGS, DemoProject

from prefclip.lineage.record import record_text
from prefclip.lineage.verify import verify

TABLE = f"{RUN}/tables/typographic.csv"
WEIGHTS = [f"{RUN}/checkpoints/clip/dpo/seed{seed}/model.safetensors" for seed in (0, 1)]
ATTACKED = f"{RUN}/images/animals.attacked.npy"
FOOD = {"dataset": "food"}
ARTIFACTS = [
    f"{RUN}/images/animals.npy",
    f"{RUN}/manifests/animals.parquet",
    ATTACKED,
    f"{RUN}/preferences/animals.parquet",
    WEIGHTS[0],
    f"{RUN}/checkpoints/clip/dpo/seed0/training_log.csv",
    f"{RUN}/predictions/clip/dpo/seed1.parquet",
    TABLE,
    f"{RUN}/tables/typographic.json",
    f"{RUN}/figures/bars.png",
]


def states(demo: DemoProject, *targets: str) -> tuple[dict[str, str], int]:
    """Everything that is not ok, and the exit code."""
    report = verify(demo.project, targets, threads=1)
    assert all(finding.remedy for finding in report.findings)
    return {name: state for name, state in report.states().items() if state != "ok"}, report.exit_code()


def edit_settings(demo: DemoProject, **training) -> None:
    demo.path("config/demo.yaml").write_text(yaml.safe_dump({**SETTINGS, "training": training}))


def downstream_of(*stages: str) -> set[str]:
    """Artifacts of the given stages, by a word in their path."""
    return {name for name in all_artifacts() if any(stage in name for stage in stages)}


def all_artifacts() -> set[str]:
    return {str(path).removesuffix(".prov.json") for path in Path(RUN).rglob("*.prov.json")}


def test_untouched_run_is_ok(demo):
    assert states(demo) == ({}, 0)
    assert len(verify(demo.project).artifacts) == len(all_artifacts()) == 13


def test_fresh_clone_with_copied_results_is_ok(demo, tmp_path, monkeypatch):
    clone = tmp_path / "clone"
    demo.git("clone", "-q", str(demo.root), str(clone))
    shutil.copytree(demo.path("results"), clone / "results", copy_function=shutil.copyfile)
    for path in (clone / "results").rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    monkeypatch.chdir(clone)
    assert states(DemoProject(clone)) == ({}, 0)


def test_commits_that_touch_nothing_of_the_run_are_ok(demo):
    demo.path("README.md").write_text("other words\n")
    demo.path("src/demo/unused.py").write_text("x = 1\n")
    assert states(demo) == ({}, 0)
    demo.commit()
    assert states(demo) == ({}, 0)


def test_no_git_is_ok(demo):
    shutil.rmtree(demo.path(".git"))
    assert states(demo) == ({}, 0)


@pytest.mark.parametrize("name", ARTIFACTS)
def test_flipped_byte(demo, name):
    demo.flip(name)
    assert states(demo) == ({name: "tampered"}, 1)
    assert states(demo, name)[1] == 1


@pytest.mark.parametrize("name", ARTIFACTS)
def test_flipped_byte_of_a_record(demo, name):
    demo.flip(f"{name}.prov.json")
    assert states(demo)[0][name] == "tampered"
    assert states(demo)[1] == 1


@pytest.mark.parametrize("name", ARTIFACTS)
def test_deleted_file(demo, name):
    demo.path(name).unlink()
    assert states(demo) == ({name: "missing"}, 1)


def test_deleted_record(demo):
    demo.path(f"{TABLE}.prov.json").unlink()
    assert states(demo) == ({TABLE: "unrecorded"}, 4)


def test_deleted_record_of_an_input(demo):
    demo.path(f"{ATTACKED}.prov.json").unlink()
    found, code = states(demo)
    assert found == {ATTACKED: "unrecorded", f"{RUN}/preferences/animals.parquet": "untracked-input"}
    assert code == 4
    demo.flip(ATTACKED)
    assert states(demo)[0][ATTACKED] == "tampered"


def test_deleted_file_and_record(demo):
    demo.path(f"{ATTACKED}.prov.json").unlink()
    demo.path(ATTACKED).unlink()
    assert states(demo)[0][ATTACKED] == "missing"
    assert states(demo)[1] == 1


def test_swapped_checkpoints(demo):
    first, second = map(demo.path, WEIGHTS)
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])
    assert states(demo) == (dict.fromkeys(WEIGHTS, "tampered"), 1)


def test_checkpoints_swapped_with_their_records(demo):
    for suffix in ("", ".prov.json"):
        first, second = (demo.path(name + suffix) for name in WEIGHTS)
        contents = first.read_bytes(), second.read_bytes()
        first.write_bytes(contents[1])
        second.write_bytes(contents[0])
    found, code = states(demo)
    assert {found[name] for name in WEIGHTS} == {"tampered"} and code == 1


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [("run", "seed", 7), ("run", "params", {}), ("surroundings", "host", "elsewhere"), ("run", "exit_status", 1)],
)
def test_edited_record(demo, part, key, value):
    path = demo.path(f"{WEIGHTS[0]}.prov.json")
    values = json.loads(path.read_text())
    values[part][key] = value
    path.write_text(json.dumps(values))
    assert states(demo) == ({WEIGHTS[0]: "tampered"}, 1)


def test_file_and_record_forged_together(demo):
    """Without a signature an edit of both shows only where others speak of the file: siblings and what it became."""
    demo.path(WEIGHTS[0]).write_bytes(b"other weights")
    path = demo.path(f"{WEIGHTS[0]}.prov.json")
    values = json.loads(path.read_text())
    for entry in values["run"]["outputs"]:
        if entry["path"] == WEIGHTS[0]:
            entry |= {"sha256": hashlib.sha256(b"other weights").hexdigest(), "size": 13}
    path.write_text(record_text(values["run"], values["surroundings"]))
    found, code = states(demo)
    assert code == 1
    assert found[f"{RUN}/checkpoints/clip/dpo/seed0/training_log.csv"] == "tampered"
    assert found[demo.predictions(0)] == found[TABLE] == "stale"


def test_truncated_record(demo):
    path = demo.path(f"{TABLE}.prov.json")
    path.write_bytes(path.read_bytes()[:-40])
    assert states(demo) == ({TABLE: "tampered"}, 1)
    path.write_bytes(b"")
    assert states(demo) == ({TABLE: "tampered"}, 1)


def test_changed_param(demo):
    edit_settings(demo, epochs=9)
    found, code = states(demo)
    assert code == 3
    assert found == dict.fromkeys(downstream_of("checkpoints", "predictions", "tables", "figures"), "stale")
    reasons = [finding.reason for finding in verify(demo.project, [WEIGHTS[0]]).findings]
    assert reasons == ["config/demo.yaml changed: training.epochs 3 → 9"]


def test_what_the_configuration_no_longer_asks_for_is_orphaned(demo):
    demo.path("config/demo.yaml").write_text(yaml.safe_dump({**SETTINGS, "methods": {"kto": {"objective": "kto"}}}))
    found, code = states(demo)
    assert found[WEIGHTS[1]] == "orphaned" and code == 3


def test_param_that_nothing_used(demo):
    settings = {**SETTINGS, "evaluation": {"batch_size": 3}}
    demo.path("config/demo.yaml").write_text("# a comment\n" + yaml.safe_dump(settings))
    assert states(demo) == ({}, 0)


def test_broken_configuration_cannot_vouch(demo):
    demo.path("config/demo.yaml").write_text("epochs: [")
    found, code = states(demo)
    assert code == 4 and found == dict.fromkeys(all_artifacts(), "unverifiable")


def test_changed_source_line(demo):
    with demo.path("src/demo/figure.py").open("a") as stream:
        stream.write("x = 1\n")
    assert states(demo) == ({f"{RUN}/figures/bars.png": "stale"}, 3)
    with demo.path("src/demo/attacks.py").open("a") as stream:
        stream.write("x = 1\n")
    found, code = states(demo)
    above = {f"{RUN}/images/animals.npy", f"{RUN}/manifests/animals.parquet"}
    assert set(found) == all_artifacts() - above and set(found.values()) == {"stale"} and code == 3
    demo.commit()
    assert states(demo) == (found, 3)


def test_deleted_source_file(demo):
    demo.path("src/demo/figure.py").unlink()
    assert states(demo) == ({f"{RUN}/figures/bars.png": "stale"}, 3)


def test_changed_installed_package(demo, monkeypatch):
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0.0" if name == "numpy" else real(name))
    assert set(states(demo)[0].values()) == {"stale"} and states(demo)[1] == 3


def test_the_lock_file_is_what_an_environment_is_made_from_and_no_environment(demo):
    """Snakemake would make nothing again before another version is installed, and neither is anything stale."""
    demo.path("envs/requirements.lock").write_text("numpy==1.0.0\nruff==0.1\n")
    assert states(demo) == ({}, 0)


def test_local_build_of_a_package_is_the_same_version(demo, monkeypatch):
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: real(name) + "+cpu" * (name == "numpy"))
    assert states(demo) == ({}, 0)


def test_upstream_made_again(demo):
    """Another seed of the attacks, then nothing below it: everything below is stale, the new file itself is ok."""
    demo.stage(
        "attacks",
        [f"{RUN}/images/animals.npy", f"{RUN}/manifests/animals.parquet"],
        {ATTACKED: b"other words"},
        keys=("attack",),
        seed=1,
    )
    found, code = states(demo)
    assert ATTACKED not in found and code == 3
    assert found == dict.fromkeys(
        downstream_of("preferences", "checkpoints", "predictions", "tables", "figures"), "stale"
    )


@pytest.mark.parametrize("inside", [True, False])
def test_artifact_replaced_by_a_link(demo, tmp_path, inside):
    """Also where the bytes behind the link are the right ones."""
    copy = demo.path("results/copy.npy") if inside else tmp_path / "copy.npy"
    shutil.move(demo.path(ATTACKED), copy)
    demo.path(ATTACKED).symlink_to(copy)
    found, code = states(demo, ATTACKED)
    assert found[ATTACKED] == "tampered" and code == 1


def test_raw_input_replaced_by_a_link(demo, tmp_path):
    shutil.move(demo.path(RAW), tmp_path / "copy.bin")
    demo.path(RAW).symlink_to(tmp_path / "copy.bin")
    found, code = states(demo)
    assert found == dict.fromkeys(downstream_of("animals.npy", "manifests"), "untracked-input") and code == 4


def test_folder_replaced_by_a_link(demo, tmp_path):
    shutil.move(demo.path(f"{RUN}/tables"), tmp_path / "tables")
    demo.path(f"{RUN}/tables").symlink_to(tmp_path / "tables")
    found, code = states(demo)
    assert found[f"{RUN}/tables"] == "unrecorded" and code == 4
    assert states(demo, f"{RUN}/figures") == ({}, 0)


def test_results_on_another_disk_are_fine(demo, tmp_path):
    shutil.move(demo.path("results"), tmp_path / "scratch")
    demo.path("results").symlink_to(tmp_path / "scratch")
    assert states(demo) == ({}, 0)
    assert states(demo, str(tmp_path / "scratch/demo/tables/typographic.csv")) == ({}, 0)


def test_flipped_raw_data(demo):
    demo.flip(RAW)
    assert states(demo) == ({RAW: "tampered"}, 1)


def test_deleted_raw_data(demo):
    demo.path(RAW).unlink()
    assert states(demo) == ({RAW: "missing"}, 1)


def test_raw_data_replaced_by_a_commit(demo):
    demo.path(RAW).write_bytes(b"new pictures")
    demo.commit()
    found, code = states(demo)
    assert set(found) == all_artifacts() and set(found.values()) == {"stale"} and code == 3


def test_raw_data_that_git_does_not_know(demo):
    demo.path("resources/raw/more.bin").write_bytes(b"more")
    demo.stage("manifest", ["resources/raw/more.bin"], {f"{RUN}/images/food.npy": b"more"}, wildcards=FOOD)
    assert states(demo)[0][f"{RUN}/images/food.npy"] == "untracked-input"
    demo.commit()
    assert states(demo) == ({}, 0)


def test_input_outside_the_repository(demo, tmp_path):
    (tmp_path / "elsewhere.bin").write_bytes(b"x")
    demo.stage("manifest", [str(tmp_path / "elsewhere.bin")], {f"{RUN}/images/food.npy": b"more"}, wildcards=FOOD)
    found, code = states(demo)
    assert found == {f"{RUN}/images/food.npy": "untracked-input"} and code == 4


def test_hand_edited_table_cell(demo):
    path = demo.path(TABLE)
    path.write_text(path.read_text().replace("0.55", "0.99", 1))
    assert states(demo) == ({TABLE: "tampered"}, 1)


def test_stray_result(demo):
    demo.path(f"{RUN}/tables/mine.csv").write_text("a,b\n")
    assert states(demo) == ({f"{RUN}/tables/mine.csv": "unrecorded"}, 4)


def test_run_in_a_dirty_tree(demo):
    with demo.path("src/demo/figure.py").open("a") as stream:
        stream.write("x = 1\n")
    demo.figure()
    figure = f"{RUN}/figures/bars.png"
    assert states(demo) == ({figure: "incomparable"}, 4)
    demo.commit()  # the code that ran is in a commit now
    assert states(demo) == ({}, 0)


def test_dirty_tree_that_was_cleaned(demo):
    text = demo.path("src/demo/figure.py").read_text()
    demo.path("src/demo/figure.py").write_text(text + "x = 1\n")
    demo.figure()
    demo.path("src/demo/figure.py").write_text(text)
    figure = f"{RUN}/figures/bars.png"
    assert states(demo) == ({figure: "stale"}, 3)


def test_dirty_workflow_and_untracked_source(demo):
    demo.path("workflow/Snakefile").write_text("rule other:\n")
    demo.figure()
    assert states(demo) == ({f"{RUN}/figures/bars.png": "incomparable"}, 4)
    demo.git("checkout", "--", "workflow/Snakefile")
    assert states(demo)[0] == {f"{RUN}/figures/bars.png": "incomparable"}
    demo.figure()
    assert states(demo) == ({}, 0)


def test_unreadable_file(demo):
    if os.getuid() == 0:
        pytest.skip("root reads everything")
    demo.path(TABLE).chmod(0)
    assert states(demo) == ({TABLE: "unverifiable"}, 4)


def test_figure_of_another_run(demo):
    """A figure whose metadata name another run is found even where its record was forged to match the bytes."""
    figure = demo.path(f"{RUN}/figures/bars.png")
    data = b"\x89PNGprefclip-activity:" + b"0" * 64
    figure.write_bytes(data)
    path = demo.path(f"{RUN}/figures/bars.png.prov.json")
    values = json.loads(path.read_text())
    values["run"]["outputs"][0] |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    path.write_text(record_text(values["run"], values["surroundings"]))
    assert states(demo) == ({f"{RUN}/figures/bars.png": "tampered"}, 1)


def test_worst_wins(demo):
    demo.path(f"{RUN}/tables/mine.csv").write_text("a,b\n")
    assert states(demo)[1] == 4
    edit_settings(demo, epochs=9)
    assert states(demo)[1] == 3
    demo.flip(TABLE)
    assert states(demo)[1] == 1
    assert states(demo)[0][TABLE] == "tampered"


def test_targets_are_verified_with_their_ancestors_only(demo):
    demo.flip(WEIGHTS[0])
    assert states(demo, WEIGHTS[1]) == ({}, 0)
    assert states(demo, f"{RUN}/figures") == ({WEIGHTS[0]: "tampered"}, 1)
    assert states(demo, f"{TABLE}.prov.json") == ({WEIGHTS[0]: "tampered"}, 1)
