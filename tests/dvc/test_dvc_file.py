"""dvc.yaml and the workflow agree: the same files, the same edges, the same parameters."""

import json
import re

import pytest
import yaml
from cloned_repository import Repository, copy_repository
from dvc_pipeline import Pipeline, read_pipeline

from prefclip.lineage.milestones import MILESTONES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc")


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    return copy_repository(tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="module")
def pipeline(repository) -> Pipeline:
    return read_pipeline(repository.root)


@pytest.fixture(scope="module")
def jobs(repository) -> list[dict]:
    return repository.jobs()


def jobs_of(stage, jobs) -> list[dict]:
    """The jobs that a stage stands for."""
    return [job for job in jobs if stage.outputs.intersection(job["outputs"])]


def test_dvc_file_is_what_the_workflow_gives(repository):
    """If this fails: `prefclip dvc write`, and commit dvc.yaml."""
    assert repository.says("prefclip", "dvc", "write", "--check") == ""


def test_every_output_is_that_of_a_rule_and_every_job_has_its_stage(pipeline, jobs):
    made = sorted(output for job in jobs for output in job["outputs"])
    assert made == sorted(output for stage in pipeline.stages.values() for output in stage.outputs)
    for stage in pipeline.stages.values():
        assert {MILESTONES[job["rule"]] for job in jobs_of(stage, jobs)} == {stage.milestone}
        assert stage.outputs == {output for job in jobs_of(stage, jobs) for output in job["outputs"]}


def test_dependencies_are_the_inputs_of_the_rules(pipeline, jobs):
    for stage in pipeline.stages.values():
        read = {path for job in jobs_of(stage, jobs) for path in job["inputs"]}
        assert stage.dependencies == read - stage.outputs, stage.name
        assert any(path.startswith("src/prefclip/") for path in stage.dependencies)


def test_edges_are_those_of_the_workflow(pipeline, jobs):
    maker = {output: stage.name for stage in pipeline.stages.values() for output in stage.outputs}
    wanted = {(maker[job["outputs"][0]], maker[path]) for job in jobs for path in job["inputs"] if path in maker}
    assert pipeline.edges == wanted and len(wanted) > 50


def test_edges_are_those_that_snakemake_draws(repository, pipeline):
    """Snakemake's own drawing, of rules instead of files."""
    drawn = json.loads(repository.run("snakemake", "--forceall", "--d3dag").stdout.splitlines()[-1])
    rule = {node["value"]["jobid"]: MILESTONES.get(node["value"]["rule"]) for node in drawn["nodes"]}
    # Snakemake draws from what is made to what needs it, and `all` is no milestone.
    links = {(rule[link["v"]], rule[link["u"]]) for link in drawn["edges"]}
    assert {link for link in links if None not in link} == {
        (first.split("@")[0], second.split("@")[0]) for first, second in pipeline.edges
    }


def test_parameters_are_those_of_the_rules(repository, pipeline, jobs):
    written = yaml.safe_load(repository.path("config/embedded.yaml").read_text())
    for stage in pipeline.stages.values():
        for job in jobs_of(stage, jobs):
            wanted = {
                f"methods.{job['wildcards'].get('method')}" if one == "method" else one for one in job["sections"]
            }
            wanted = {one for one in wanted if one.split(".")[0] in written}
            assert set(stage.parameters.get("config/embedded.yaml", ())) == wanted, stage.name
    assert pipeline.stages["train@emoji-clip-dpo-0"].parameters == {
        "config/embedded.yaml": ("methods.dpo", "model", "training")
    }


def test_every_output_persists_and_only_snakemake_runs(pipeline):
    for stage in pipeline.stages.values():
        assert stage.persisting == stage.outputs
        assert stage.cmd.startswith("snakemake --cores all ") and "${" not in stage.cmd


def test_names_say_model_method_and_seed(repository, pipeline):
    config = yaml.safe_load(repository.path("config/embedded.yaml").read_text())
    for method, settings in config["methods"].items():
        milestone = "train" if settings.get("averaging", True) else "train_without_averaging"
        for seed in config["seeds"]:
            stage = pipeline.stages[f"{milestone}@emoji-clip-{method}-{seed}"]
            folder = f"results/embedded/checkpoints/emoji-clip/{method}/seed{seed}"
            assert f"{folder}/model.safetensors" in stage.outputs
            assert stage.cmd == f"snakemake --cores all {folder}/model.safetensors"
    assert {"sources", "data", "attacks", "preferences", "evaluate", "tables", "metrics", "figures"} <= {
        stage.milestone for stage in pipeline.stages.values()
    }


def test_metrics_plots_and_checkpoints_are_outputs(repository, pipeline):
    outputs = {output for stage in pipeline.stages.values() for output in stage.outputs}
    content = yaml.safe_load(repository.path("dvc.yaml").read_text())
    curves, *pictures = content["plots"]
    assert content["params"] == ["config/embedded.yaml"]
    assert content["metrics"] == ["results/embedded/metrics/summary.json"] and set(content["metrics"]) <= outputs
    assert set(pictures) == {output for output in outputs if output.endswith(".png")}
    assert set(curves["training_loss"]["y"]) == {
        output for output in outputs if re.fullmatch(r".*/checkpoints/.*training_log\.csv", output)
    }
    checkpoints = {output for output in outputs if re.fullmatch(r".*/checkpoints/.*\.safetensors", output)}
    assert {artifact["path"] for artifact in content["artifacts"].values()} == checkpoints
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*[a-z0-9]", name) for name in content["artifacts"])


def test_an_edited_file_is_found(repository):
    before = repository.path("dvc.yaml").read_text()
    try:
        repository.edit("dvc.yaml", "    - results/embedded/metrics/summary.json: {persist: true}\n", "")
        sentence = repository.refuses("dvc", "write", "--check")
    finally:
        repository.path("dvc.yaml").write_text(before)
    assert "first difference: - results/embedded/metrics/summary.json" in sentence and "prefclip dvc write" in sentence


def test_a_new_setting_makes_the_file_outdated(tmp_path):
    """Sections at their defaults are not in the file; once written they become parameters of the stages."""
    repository = copy_repository(tmp_path)
    with repository.path("config/embedded.yaml").open("a") as stream:
        stream.write("evaluation: {bootstrap_samples: 200}\n")
    assert "evaluation" in repository.refuses("dvc", "write", "--check")
    repository.run("prefclip", "dvc", "write")
    repository.run("prefclip", "dvc", "write", "--check")
    evaluate = read_pipeline(repository.root).stages["evaluate"]
    assert evaluate.parameters == {"config/embedded.yaml": ("evaluation",)}


def test_another_configuration(tmp_path):
    repository = copy_repository(tmp_path)
    text = repository.path("config/embedded.yaml").read_text()
    repository.path("config/other.yaml").write_text(text.replace("experiment: embedded", "experiment: other"))
    repository.run("prefclip", "dvc", "write", "--configfile", "config/other.yaml")
    repository.run("prefclip", "dvc", "write", "--check")  # it remembers which configuration
    stages = read_pipeline(repository.root).stages.values()
    assert all(output.startswith("results/other/") for stage in stages for output in stage.outputs)
    assert all(stage.cmd.endswith(" --configfile config/other.yaml") for stage in stages)
