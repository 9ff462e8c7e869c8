"""How jobs become stages: with a key for each job where that is true, with plain lists where it is not."""

import pytest
import yaml

from prefclip.lineage import milestones
from prefclip.lineage.milestones import check_pipeline, described_config, pipeline_text
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.workflow_graph import Job, workflow_jobs

CONFIG = "experiment: embedded\nmethods: {dpo: {objective: dpo}}\nattack: {seed: 3}\n"


def job(rule, inputs, pattern, sections=(), **wildcards) -> Job:
    outputs = (pattern.format(**wildcards),)
    return Job(rule, wildcards, tuple(inputs), outputs, (pattern,), tuple(sections), "")


@pytest.fixture
def stages(tmp_path, monkeypatch):
    """`stages(jobs)` are the stages that they give."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/embedded.yaml").write_text(CONFIG)

    def stages_of(jobs):
        monkeypatch.setattr(milestones, "workflow_jobs", lambda *_: jobs)
        return yaml.safe_load(pipeline_text(Project(tmp_path)))["stages"]

    return stages_of


def test_jobs_that_differ_in_their_wildcards_share_a_template(stages):
    made = [
        job("build_manifest", ["raw", "src/a.py"], "images/{dataset}.npy", dataset=name) for name in ("cats", "dogs")
    ]
    attacked = [
        job("synthesise_attacks", [f"images/{name}.npy"], "images/{dataset}.attacked.npy", ["attack"], dataset=name)
        for name in ("cats", "dogs")
    ]
    found = stages(made + attacked)
    assert list(found) == ["data", "attacks"]
    assert found["attacks"] == {
        "matrix": {"dataset": ["cats", "dogs"]},
        "cmd": "snakemake --cores all images/${item.dataset}.attacked.npy",
        "deps": ["images/${item.dataset}.npy"],
        "params": [{"config/embedded.yaml": ["attack"]}],
        "outs": [{"images/${item.dataset}.attacked.npy": {"persist": True}}],
    }
    assert found["data"]["deps"] == ["raw", "src/a.py"] and "params" not in found["data"]


def test_own_settings_of_a_method_and_numbers_as_numbers(stages):
    jobs = [
        job("train_policy", ["pairs"], "{method}/{seed}", ["method", "training"], method="dpo", seed=seed)
        for seed in ("0", "1", "007")
    ]
    found = stages(jobs)["train"]
    assert found["matrix"] == {"method": ["dpo"], "seed": [0, 1, "007"]}
    # `training` is at its defaults, so that the file has no such key to name.
    assert found["params"] == [{"config/embedded.yaml": ["methods.${item.method}"]}]


@pytest.mark.parametrize("case", ["an input of one job only", "a gap in the grid", "an input that nothing makes"])
def test_other_jobs_are_listed_one_by_one(stages, case):
    inputs = {"an input of one job only": ["weights"], "an input that nothing makes": ["raw-ce-1"]}.get(case, [])
    wanted = [("ce", "0"), ("ce", "1"), ("dpo", "0"), ("dpo", "1")][: 3 if case == "a gap in the grid" else 4]
    jobs = [
        job(
            "evaluate_model",
            ["images", *(inputs if (method, seed) == ("ce", "1") else [])],
            "{method}-{seed}",
            method=method,
            seed=seed,
        )
        for method, seed in wanted
    ]
    found = stages(jobs)["evaluate"]
    assert found["deps"] == ["images", *inputs] and "matrix" not in found
    assert [list(out) for out in found["outs"]] == [[f"{method}-{seed}"] for method, seed in wanted]
    assert found["cmd"] == "snakemake --cores all --until evaluate_model"


def test_rules_without_a_milestone_keep_their_name_and_come_last(stages):
    found = stages([job("paint_walls", ["raw"], "walls.png"), job("check_sources", ["raw"], "sources.json")])
    assert list(found) == ["sources", "paint_walls"]


def test_files_elsewhere_are_refused(stages):
    with pytest.raises(LineageError, match=r"paint_walls reads /elsewhere/a\.py, which lies outside"):
        stages([job("paint_walls", ["/elsewhere/a.py"], "walls.png")])


@pytest.mark.parametrize("text", ["", "stages: {}", "params: []", "[1", "params: {a: 1}", "\x00"])
def test_a_dvc_file_without_configuration(tmp_path, text):
    (tmp_path / "dvc.yaml").write_text(text)
    with pytest.raises(LineageError, match=r"dvc\.yaml: names no configuration; `prefclip dvc write`"):
        described_config(Project(tmp_path))


def test_no_dvc_file(tmp_path, stages):
    with pytest.raises(LineageError, match=r"dvc\.yaml: no such file"):
        described_config(Project(tmp_path))
    stages([job("check_sources", ["raw"], "sources.json")])
    with pytest.raises(LineageError, match="does not fit the workflow"):
        check_pipeline(Project(tmp_path), "config/embedded.yaml")


@pytest.mark.parametrize(("text", "words"), [(None, "no such file"), ("rule all:\n  inputs: 1", "cannot read")])
def test_no_workflow(tmp_path, text, words):
    if text is not None:
        (tmp_path / "Snakefile").write_text(text)
    with pytest.raises(LineageError, match=f"Snakefile: .*{words}"):
        workflow_jobs(Project(tmp_path))
