"""After a run and `snakemake record`, DVC knows everything and has nothing to do."""

import json
import re
import shutil

import pytest
import yaml
from cloned_repository import STORE, flip, md5_of
from dvc_pipeline import read_pipeline

from prefclip.config import read_config
from prefclip.lineage.versions.milestones import is_below, made_files

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc"),
]
SUMMARY = "results/tiny/metrics/summary.json"
TABLE = "results/tiny/tables/typographic.csv"


def test_lock_file_stands_for_every_file_of_the_run(recorded):
    locked = recorded.locked()
    assert set(locked) == made_files(read_config(recorded.path("config/embedded.yaml")))
    here = {str(path.relative_to(recorded.root)) for path in recorded.path("results").rglob("[!.]*") if path.is_file()}
    assert here - set(locked) == {"results/tiny/report/lineage.html"}, "which is drawn, not made"
    assert all(md5_of(recorded.path(name)) == md5 for name, md5 in locked.items())


def test_milestones_one_by_one_give_the_same_lock_file(recorded):
    """`dvc repro` from nothing, with the commands of dvc.yaml, and `snakemake record` agree on every byte."""
    made = yaml.safe_load((recorded.root.parent / "repro.lock").read_text())
    assert made == yaml.safe_load(recorded.path("dvc.lock").read_text())


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


def test_records_fit_the_milestones(recorded):
    """What the steps really read, as their lineage records say, is what dvc.yaml declares."""
    pipeline = read_pipeline(recorded.root)
    for record in recorded.path("results/tiny").rglob("*.prov.json"):
        run = json.loads(record.read_text())["run"]
        (name,) = pipeline.makers(run["artifact"])
        stage = pipeline.stages[name]
        for entry in run["inputs"]:
            own = pipeline.makers(entry["path"]) == [name]
            assert own or stage.reads(entry["path"]) or is_below(entry["path"], "resources/embedded"), run["artifact"]


def test_status_is_clean_and_repro_skips_everything(recorded):
    before = recorded.times()
    assert recorded.says("dvc", "status").splitlines()[-1] == "Data and pipelines are up to date."
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
    assert "Loss of each method, first seed" in page
    assert all(name in page for name in ("accuracy_bars", "attack_examples", "training_curves"))
    shown = json.loads(recorded.run("dvc", "plots", "show", "--json", "--out", str(tmp_path / "json")).stdout)
    assert shown.get("errors", []) == []
    assert {"training_loss", "results/tiny/figures/accuracy_bars.png"} <= set(shown["data"])


def test_checkpoints_are_artifacts(clone, recorded):
    """A registry finds the version of the checkpoints by its tag and fetches them; one of them comes alone, too."""
    clone.git("tag", "--annotate", "--message=first", "checkpoints@v1.0.0")
    clone.run("dvc", "artifacts", "get", ".", "checkpoints", "--out", "fetched")
    name = "emoji-clip/dpo/seed0/averaged.safetensors"
    wanted = recorded.path(f"results/tiny/checkpoints/{name}").read_bytes()
    assert clone.path(f"fetched/{name}").read_bytes() == wanted
    clone.run("dvc", "get", ".", f"results/tiny/checkpoints/{name}", "--out", "one.safetensors")
    assert clone.path("one.safetensors").read_bytes() == wanted


def test_push_stores_every_file_once(recorded):
    assert recorded.says("dvc", "status", "--cloud").splitlines()[-1] == "Cache and remote 'store' are in sync."
    stages = yaml.safe_load(recorded.path("dvc.lock").read_text())["stages"]
    wanted = {entry["md5"] for stage in stages.values() for entry in stage["outs"]} | set(recorded.locked().values())
    stored = {path.parent.name + path.name for path in (recorded.root.parent / STORE).rglob("*") if path.is_file()}
    assert stored == wanted


def test_a_change_is_seen_where_it_matters(clone):
    """An edit of the configuration goes through the resolved settings, which hold every default."""
    clone.run("dvc", "pull")
    assert changed_stages(clone) == set()
    clone.edit("config/embedded.yaml", "attack: {seed: 0}", "attack: {seed: 1}")
    assert changed_stages(clone) == {"settings"}
    clone.run("prefclip", "init")
    assert changed_stages(clone) == {"settings", "attacks", "report"}, "the report shows every setting"
    clone.git("checkout", "-q", "config")
    clone.run("prefclip", "init")
    clone.path(TABLE).write_text(clone.path(TABLE).read_text() + "\n")
    assert changed_stages(clone) == {"tables", "report"}


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


def test_tampered_missing_and_foreign_results_are_not_recorded(recorded, tmp_path):
    repository = recorded.clone(tmp_path)
    repository.run("dvc", "pull")
    lock = repository.path("dvc.lock").read_bytes()
    repository.flip(TABLE)
    sentence = repository.refuses("dvc", "record", "results/tiny")
    assert TABLE in sentence and "tampered" in sentence
    repository.flip(TABLE)
    foreign = TABLE.replace("typographic", "mine")
    shutil.copy(repository.path(TABLE), repository.path(foreign))
    sentence = repository.refuses("dvc", "record", "results/tiny")
    assert f"holds {foreign}, which no step of the run makes" in sentence
    repository.path(foreign).rename(repository.path("results/tiny/saliency/mine.csv"))
    assert "holds results/tiny/saliency/mine.csv" in repository.refuses("dvc", "record", "results/tiny")
    repository.path("results/tiny/saliency/mine.csv").unlink()
    repository.path(TABLE).unlink()
    assert f"lacks {TABLE}" in repository.refuses("dvc", "record", "results/tiny")
    assert repository.path("dvc.lock").read_bytes() == lock


def test_what_only_the_sweeps_make_is_no_part_of_it(recorded, tmp_path):
    repository = recorded.clone(tmp_path)
    repository.run("prefclip", "restore")
    for name in ("tables/sweeps.csv", "predictions/emoji-clip/dpo-beta-0p1/seed0.parquet"):
        path = repository.path(f"results/tiny/{name}")
        path.parent.mkdir(exist_ok=True)
        path.write_text("of a sweep")
    assert changed_stages(repository) == set()
    repository.run("prefclip", "dvc", "record", "results/tiny")
    assert repository.git("status", "--porcelain") == ""
    repository.run("prefclip", "restore")
    assert repository.path("results/tiny/tables/sweeps.csv").read_text() == "of a sweep"


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
