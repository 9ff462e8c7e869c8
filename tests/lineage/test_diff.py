"""Two runs part at the first ancestor whose own causes differ, and the causes are named."""

import json

import pytest
from demo_project import RAW, RUN

from prefclip.lineage import surroundings
from prefclip.lineage.diff import diff
from prefclip.lineage.project import LineageError

WEIGHTS = [f"{RUN}/checkpoints/clip/dpo/seed{seed}/model.safetensors" for seed in (0, 1)]
PREDICTIONS = [f"{RUN}/predictions/clip/dpo/seed{seed}.parquet" for seed in (0, 1)]


def test_seeds_part_at_training(demo):
    found = diff(demo.project, *PREDICTIONS)
    assert not found.equal
    assert [(one.first, one.second, one.causes) for one in found.divergences] == [(*WEIGHTS, [("seed", "0 → 1")])]
    assert "they part at" in found.as_text() and json.dumps(found.as_json())


def test_same_artifact(demo):
    found = diff(demo.project, PREDICTIONS[0], PREDICTIONS[0])
    assert found.equal and "same bytes" in found.as_text()


def second_run(demo) -> None:
    """Another run of the data stages in its own folder, with its own attacks."""
    raw = demo.path(RAW).read_bytes()
    demo.stage("manifest", [RAW], {"results/other/images/animals.npy": raw * 2})
    demo.stage(
        "attacks",
        ["results/other/images/animals.npy"],
        {"results/other/images/animals.attacked.npy": b"others"},
        seed=5,
    )
    demo.stage(
        "pairs", ["results/other/images/animals.attacked.npy"], {"results/other/preferences/animals.parquet": b"p"}
    )


def test_folders_of_two_runs(demo):
    second_run(demo)
    found = diff(demo.project, RUN, "results/other")
    assert [one.second for one in found.divergences] == ["results/other/images/animals.attacked.npy"]
    kinds = {kind for kind, _ in found.divergences[0].causes}
    assert kinds == {"data", "param", "seed"}


@pytest.mark.parametrize("kind", ["param", "code", "environment", "hardware", "data", "unexplained"])
def test_every_cause_is_named(demo, kind, monkeypatch):
    inputs, output, params = ["resources/raw/pictures.bin"], "results/other/images/animals.npy", {"size": 64}
    demo.stage("manifest", inputs, {"results/one/images/animals.npy": b"one"}, params=params)
    if kind == "param":
        params = {"size": 32}
    if kind == "code":
        demo.path("src/demo/manifest.py").write_text("import numpy\n# another line\n")
    if kind == "environment":
        monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    if kind == "hardware":
        monkeypatch.setattr(surroundings, "hardware", lambda: {"processor": "another"})
    if kind == "data":
        demo.path(RAW).write_bytes(b"other pictures")
    demo.stage("manifest", inputs, {output: b"two"}, params=params)
    (one,) = diff(demo.project, "results/one/images/animals.npy", output).divergences
    assert {found for found, _ in one.causes} == {kind}


def test_unusable_targets(demo):
    demo.path(f"{WEIGHTS[0]}.prov.json").unlink()
    for pair in ((WEIGHTS[0], WEIGHTS[1]), (RUN, WEIGHTS[1]), (RAW, RAW)):
        with pytest.raises(LineageError, match="need two artifacts with records"):
            diff(demo.project, *pair)
    with pytest.raises(LineageError, match="no such file"):
        diff(demo.project, "nothing", WEIGHTS[1])
