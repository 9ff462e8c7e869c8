"""After a run and `snakemake record`, DVC knows everything and has nothing to do."""

import hashlib
import json
import re

import pytest
import yaml
from cloned_repository import STORE, flip
from dvc_pipeline import read_pipeline

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc"),
]
SUMMARY = "results/tiny/metrics/summary.json"


def test_lock_file_names_every_output_with_its_md5(recorded):
    stages = yaml.safe_load(recorded.path("dvc.lock").read_text())["stages"]
    locked = {entry["path"]: entry["md5"] for stage in stages.values() for entry in stage["outs"]}
    made = {output for job in recorded.jobs() for output in job["outputs"]}
    assert set(locked) == made
    for name, md5 in locked.items():
        assert hashlib.md5(recorded.path(name).read_bytes()).hexdigest() == md5


def test_recording_touches_neither_results_nor_the_index(recorded, tmp_path):
    repository = recorded.clone(tmp_path)
    repository.run("prefclip", "restore")
    before = repository.times()
    repository.path("dvc.lock").unlink()
    repository.run("snakemake", "--cores", "1", "record")
    assert repository.times() == before
    assert "Nothing to be done" in repository.says("snakemake", "--dry-run")
    # The same bytes give the same lock file; nothing was staged.
    assert repository.git("status", "--porcelain") == ""


def test_records_give_the_same_edges(recorded):
    """What the stages really read and wrote, as their lineage records say, is what dvc.yaml declares."""
    pipeline = read_pipeline(recorded.root)
    stage_of = {output: stage for stage in pipeline.stages.values() for output in stage.outputs}
    read: dict[str, set[str]] = {name: set() for name in pipeline.stages}
    for record in recorded.path("results/tiny").rglob("*.prov.json"):
        run = json.loads(record.read_text())["run"]
        stage = stage_of[run["artifact"]]
        files = {entry["path"] for entry in run["inputs"]} | set(run["code"]["files"])
        assert files - stage.outputs <= stage.dependencies, run["artifact"]
        read[stage.name] |= files - stage.outputs
    for stage in pipeline.stages.values():
        # The lineage page is drawn with the report, shows every file of the run and has no record itself.
        if stage.milestone != "report":
            assert read[stage.name] == stage.dependencies, stage.name


def test_status_is_clean_and_repro_skips_everything(recorded):
    before = recorded.times()
    assert recorded.says("dvc", "status").strip() == "Data and pipelines are up to date."
    words = recorded.says("dvc", "repro")
    stages = read_pipeline(recorded.root).stages
    assert "Running stage" not in words and "Data and pipelines are up to date." in words
    assert sorted(re.findall(r"Stage '(.+)' didn't change, skipping", words)) == sorted(stages)
    assert recorded.times() == before and recorded.git("status", "--porcelain") == ""


def test_metrics(recorded):
    shown = json.loads(recorded.run("dvc", "metrics", "show", "--json").stdout)
    found = shown[""]["data"][SUMMARY]["data"]
    assert found == json.loads(recorded.path(SUMMARY).read_text())
    assert set(found) == {"clip", "ce", "dpo"}
    for scopes in found.values():
        assert set(scopes) == {"animals", "zero_shot_mean"}
        assert all(0 <= value <= 1 for scope in scopes.values() for value in scope.values())
    assert "clip.animals.typographic" in recorded.says("dvc", "metrics", "show")


def test_plots(recorded, tmp_path):
    recorded.run("dvc", "plots", "show", "--out", str(tmp_path / "plots"))
    page = (tmp_path / "plots/index.html").read_text()
    assert "Loss of each training run" in page
    assert all(name in page for name in ("accuracy_bars", "attack_examples", "training_curves"))
    shown = json.loads(recorded.run("dvc", "plots", "show", "--json", "--out", str(tmp_path / "json")).stdout)
    assert shown.get("errors", []) == []
    assert {"training_loss", "results/tiny/figures/accuracy_bars.png"} <= set(shown["data"])


def test_checkpoints_are_artifacts(clone, recorded):
    """A registry finds the version of a checkpoint by its tag and fetches it alone."""
    clone.git("tag", "--annotate", "--message=first", "emoji-clip-dpo-seed0-averaged@v1.0.0")
    clone.run("dvc", "artifacts", "get", ".", "emoji-clip-dpo-seed0-averaged", "--out", "fetched.safetensors")
    name = "results/tiny/checkpoints/emoji-clip/dpo/seed0/averaged.safetensors"
    assert clone.path("fetched.safetensors").read_bytes() == recorded.path(name).read_bytes()


def test_push_stores_every_file_once(recorded):
    assert recorded.says("dvc", "status", "--cloud").strip() == "Cache and remote 'store' are in sync."
    stages = yaml.safe_load(recorded.path("dvc.lock").read_text())["stages"]
    wanted = {entry["md5"] for stage in stages.values() for entry in stage["outs"]}
    stored = {path.parent.name + path.name for path in (recorded.root.parent / STORE).rglob("*") if path.is_file()}
    assert stored == wanted


def test_a_change_is_seen_where_it_matters(clone):
    clone.run("dvc", "pull")
    clone.edit("src/prefclip/reporting/drawing/style.py", '"""', '"""\n')
    assert changed_stages(clone) == {"figures", "report"}, "the report draws in the colours of the figures"
    clone.git("checkout", "-q", "src")
    clone.edit("config/embedded.yaml", "attack: {seed: 0}", "attack: {seed: 1}")
    attacks = {"attacks@animals", "attacks@people", "attacks@plants"}
    assert changed_stages(clone) == {*attacks, "report"}, "the report shows every setting"


def changed_stages(repository) -> set[str]:
    return set(json.loads(repository.run("dvc", "status", "--json").stdout))


def test_a_changed_byte_is_found_in_every_kind_of_file(clone):
    """Also where time and size are kept: in artifacts first, in records then, and no alarm afterwards."""
    clone.run("prefclip", "restore")
    records = sorted(clone.path("results/tiny").rglob("*.prov.json"))
    artifacts = [record.with_name(record.name.removesuffix(".prov.json")) for record in records]
    for changed in (artifacts, records):
        for path in changed:
            flip(path)
        found = states(clone, fails=True)
        assert found["tampered"] == len(records) and "ok" not in found
        for path in changed:
            flip(path)
    assert states(clone) == {"ok": len(records)}


def states(repository, fails=False) -> dict[str, int]:
    report = json.loads(repository.run("prefclip", "audit", "verify", "--json", fails=fails).stdout)
    assert report["exit_code"] == fails
    return report["counts"]


def test_tampered_or_foreign_results_are_not_recorded(recorded, tmp_path):
    repository = recorded.clone(tmp_path)
    repository.run("dvc", "pull")
    lock = repository.path("dvc.lock").read_bytes()
    table = "results/tiny/tables/typographic.csv"
    repository.flip(table)
    sentence = repository.refuses("dvc", "record", "results/tiny")
    assert table in sentence and "tampered" in sentence
    repository.path(table).unlink()
    assert f"{table} is missing" in repository.refuses("dvc", "record", "results/tiny")
    assert repository.path("dvc.lock").read_bytes() == lock


def test_a_failing_dvc_fails_the_record_rule(recorded, tmp_path):
    """Results in git and in DVC at once: DVC refuses, and so must the rule."""
    repository = recorded.clone(tmp_path)
    repository.run("prefclip", "restore")
    lock = repository.path("dvc.lock").read_bytes()
    repository.git("add", "--force", "results/tiny/tables/main_results.csv")
    done = repository.run("snakemake", "--cores", "1", "record", fails=True)
    sentence = repository.path("logs/tiny/record.log").read_text()
    assert "failed with exit code" in sentence and "already tracked by SCM" in sentence, done.stderr
    assert repository.path("dvc.lock").read_bytes() == lock
