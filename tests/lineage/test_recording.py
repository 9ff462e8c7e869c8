"""What `recorded` writes, when it writes nothing, and which runs count as the same."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from demo_project import RAW, RUN

from prefclip.lineage import surroundings
from prefclip.lineage.figure_ids import activity_in, figure_metadata
from prefclip.lineage.project import LineageError
from prefclip.lineage.record import Damage, Record, read_record
from prefclip.lineage.recording import recorded

WEIGHTS = f"{RUN}/checkpoints/clip/dpo/seed0/model.safetensors"
SOURCES = ["src/demo/train.py"]


def record_of(demo, name: str) -> dict:
    return json.loads(demo.path(f"{name}.prov.json").read_text())


def test_record_says_everything(demo):
    record = record_of(demo, WEIGHTS)
    run, around = record["run"], record["surroundings"]
    assert record["schema_version"] == 2 and len(record["id"]) == len(record["seal"]) == 64
    assert (run["stage"], run["wildcards"], run["seed"]) == ("train", {"method": "dpo", "seed": "0"}, 0)
    assert run["params"]["training"]["epochs"] == 3 and run["params"]["methods.dpo"]["objective"] == "dpo"
    assert [entry["path"] for entry in run["inputs"]] == [
        f"{RUN}/preferences/animals.parquet",
        f"{RUN}/images/animals.npy",
    ]
    assert [Path(entry["path"]).name for entry in run["outputs"]] == ["model.safetensors", "training_log.csv"]
    assert all(len(entry["sha256"]) == 64 and entry["size"] > 0 for entry in run["inputs"] + run["outputs"])
    assert list(run["code"]["files"]) == SOURCES and run["packages"] == {"numpy": np.__version__}
    assert run["exit_status"] == 0
    assert around["git"]["commit"] and not around["git"]["dirty"] and around["git"]["changed"] == {}
    assert around["lock"]["path"] == "envs/requirements.lock"
    assert around["hardware"]["processor"] and around["hardware"]["cores"] >= 1
    assert around["host"] and around["started"] <= around["finished"] and around["command"]
    assert isinstance(read_record(demo.project, WEIGHTS), Record)


def test_outputs_of_one_run_share_its_activity(demo):
    first, second = record_of(demo, WEIGHTS), record_of(demo, f"{Path(WEIGHTS).parent}/training_log.csv")
    assert first["run"]["activity"] == second["run"]["activity"] and first["id"] != second["id"]


def test_same_run_twice_has_the_same_id(demo, monkeypatch):
    before = record_of(demo, WEIGHTS)
    demo.path("README.md").write_text("another commit\n")
    demo.commit()
    monkeypatch.setattr(surroundings, "now", lambda: "2031-01-01T00:00:00+00:00")
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    monkeypatch.setattr(surroundings, "hardware", lambda: {"processor": "another", "cores": 64})
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    demo.train(0)
    after = record_of(demo, WEIGHTS)
    assert after["id"] == before["id"] and after["seal"] != before["seal"]
    assert after["surroundings"]["slurm"] == {"job_id": "4711", "attempt": "1"}


@pytest.mark.parametrize("change", ["seed", "code", "input", "param"])
def test_another_run_has_another_id(demo, change):
    before = record_of(demo, WEIGHTS)["run"]["activity"]
    if change == "code":
        demo.path(SOURCES[0]).write_text("import numpy\n")
    if change == "input":
        demo.path(f"{RUN}/images/animals.npy").write_bytes(b"others")
    if change == "param":
        text = demo.path("config/demo.yaml").read_text()
        demo.path("config/demo.yaml").write_text(text + "training: {epochs: 9}\n")
    demo.stage(
        "train",
        [f"{RUN}/preferences/animals.parquet", f"{RUN}/images/animals.npy"],
        {WEIGHTS: b"w"},
        keys=("training", "methods.dpo"),
        seed=1 if change == "seed" else 0,
        wildcards={"method": "dpo", "seed": 0},
    )
    assert record_of(demo, WEIGHTS)["run"]["activity"] != before


def test_failed_stage_leaves_no_record(demo):
    with pytest.raises(RuntimeError, match="boom"), recorded("train", outputs=[WEIGHTS]):
        demo.path(WEIGHTS).write_bytes(b"half")
        raise RuntimeError("boom")
    assert read_record(demo.project, WEIGHTS) is None


def test_output_that_was_not_written(demo):
    with pytest.raises(LineageError, match=r"output results/demo/x\.bin is missing"):
        with recorded("train", outputs=[f"{RUN}/x.bin"]):
            pass


def test_input_that_does_not_exist(demo):
    before = demo.path(f"{WEIGHTS}.prov.json").read_bytes()
    with pytest.raises(LineageError, match=r"input nothing\.bin is missing"):
        with recorded("train", outputs=[WEIGHTS], inputs=["nothing.bin"]):
            pytest.fail("must not run")
    assert demo.path(f"{WEIGHTS}.prov.json").read_bytes() == before


def test_input_that_changes_meanwhile(demo):
    with pytest.raises(LineageError, match="changed while it was read"):
        with recorded("train", outputs=[WEIGHTS], inputs=[RAW]):
            demo.path(RAW).write_bytes(b"others")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, Path("x")])
def test_parameter_that_is_no_json(demo, value):
    with pytest.raises(LineageError, match="not plain JSON"):
        with recorded("train", outputs=[WEIGHTS], params={"x": value}):
            pytest.fail("must not run")


def test_outputs_are_needed_once_each(demo):
    for outputs in ([], [WEIGHTS, f"./{WEIGHTS}"]):
        with pytest.raises(LineageError, match="at least one output"):
            with recorded("train", outputs=outputs):
                pytest.fail("must not run")


def test_only_the_first_process_records(demo, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    before = demo.path(f"{WEIGHTS}.prov.json").read_bytes()
    with recorded("train", outputs=[WEIGHTS]) as run:
        assert run.activity == ""
    assert demo.path(f"{WEIGHTS}.prov.json").read_bytes() == before


def test_folder_as_input(demo):
    demo.stage("manifest", ["resources/raw"], {f"{RUN}/x.bin": b"x"})
    paths = [entry["path"] for entry in record_of(demo, f"{RUN}/x.bin")["run"]["inputs"]]
    assert paths == [f"resources/raw/{name}" for name in ("ATTRIBUTION.md", "checksums.json", "pictures.bin")]


def test_names_are_below_the_root_from_any_folder(demo, monkeypatch):
    monkeypatch.chdir(demo.path(RUN))
    with recorded(
        "train",
        outputs=["x.bin"],
        inputs=[demo.path(RAW)],
        command=["a/prefclip", str(demo.path("b"))],
    ):
        Path("x.bin").write_bytes(b"x")
    record = record_of(demo, f"{RUN}/x.bin")
    assert record["run"]["artifact"] == f"{RUN}/x.bin" and record["run"]["inputs"][0]["path"] == RAW
    assert record["surroundings"]["command"] == ["prefclip", "b"]


def test_outside_of_git(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with recorded("train", outputs=["x.bin"]):
        Path("x.bin").write_bytes(b"x")
    assert json.loads(Path("x.bin.prov.json").read_text())["surroundings"]["git"] is None


def test_determinism_flags_of_torch(demo):
    torch = pytest.importorskip("torch")
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        demo.train(1)
    finally:
        torch.use_deterministic_algorithms(before)
    record = record_of(demo, WEIGHTS.replace("seed0", "seed1"))
    assert record["run"]["determinism"]["deterministic_algorithms"] is True
    assert record["surroundings"]["hardware"]["torch"] == str(torch.__version__)


def test_record_is_readable_text(demo):
    text = demo.path(f"{WEIGHTS}.prov.json").read_text()
    assert text.isascii() or text.encode()
    assert len(text.splitlines()) > 20 and max(map(len, text.splitlines())) < 2000


def test_damage_is_a_value_not_an_error(demo):
    demo.path(f"{WEIGHTS}.prov.json").write_text("{")
    assert isinstance(read_record(demo.project, WEIGHTS), Damage)


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_figures_carry_the_activity_and_no_time(tmp_path, suffix):
    from matplotlib.figure import Figure

    activity, files = "ab" * 32, []
    for name in ("one", "two"):
        figure = Figure(figsize=(1, 1))
        figure.subplots().plot([0, 1])
        path = tmp_path / f"{name}{suffix}"
        os.environ.pop("SOURCE_DATE_EPOCH", None)
        figure.savefig(path, metadata=figure_metadata(activity, path))
        files.append(path.read_bytes())
    assert files[0] == files[1] and activity_in(files[0]) == activity


def test_seal_can_be_checked_with_coreutils(demo):
    lines = demo.path(f"{WEIGHTS}.prov.json").read_bytes().splitlines(keepends=True)
    seal = json.loads(b"".join(lines))["seal"]
    assert hashlib.sha256(b"".join(lines[:-2])).hexdigest() == seal
