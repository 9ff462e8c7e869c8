"""`prefclip restore`: everything comes back checked, or nothing is called up to date."""

import hashlib
import json
import shutil

import pytest
import yaml
from cloned_repository import STORE, flip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
TABLE = "results/tiny/tables/typographic.csv"
WEIGHTS = "results/tiny/checkpoints/emoji-clip/dpo/seed0/model.safetensors"


def md5_of(repository, name) -> str:
    stages = yaml.safe_load(repository.path("dvc.lock").read_text())["stages"]
    return next(entry["md5"] for stage in stages.values() for entry in stage["outs"] if entry["path"] == name)


def copy_in(folder, md5):
    return folder / "files/md5" / md5[:2] / md5[2:]


def planned(repository) -> str:
    """What Snakemake would do; empty if nothing."""
    words = repository.says("snakemake", "--dry-run")
    return "" if "Nothing to be done" in words else words


def assert_nothing_is_blessed(repository, before=None) -> None:
    assert not list(repository.path(".snakemake/metadata").glob("*")) and planned(repository)
    if before is not None:
        assert repository.times() == before


def test_a_fresh_clone(clone, recorded):
    assert planned(clone)
    words = clone.says("prefclip", "restore")
    assert "nothing is left to run" in words and len(words.splitlines()) == 2
    assert planned(clone) == "" and clone.git("status", "--porcelain") == ""
    assert " ok" in clone.says("prefclip", "audit", "verify").splitlines()[-1]
    assert clone.says("dvc", "status").strip() == "Data and pipelines are up to date."
    for path in recorded.path("results/tiny").rglob("*"):
        # Neither is a result: the run's settings, and the drawing of its records.
        if path.is_file() and path.name not in ("config.json", "lineage.html"):
            assert clone.path(str(path.relative_to(recorded.root))).read_bytes() == path.read_bytes()


def test_after_restoring_changes_are_seen_again(clone):
    """The touch leaves what Snakemake compares later changes with."""
    clone.run("prefclip", "restore")
    clone.edit("config/embedded.yaml", "attack: {seed: 0}", "attack: {seed: 1}")
    assert "Params have changed" in planned(clone)
    sentence = clone.refuses("restore")
    assert "stale" in sentence and "attack.seed 0 → 1" in sentence
    clone.git("checkout", "-q", "config")
    clone.run("prefclip", "restore")
    clone.edit("src/prefclip/reporting/drawing/style.py", '"""', '"""\n')
    assert "draw_figure" in planned(clone) and "train_policy" not in planned(clone)
    assert "code of figure changed" in clone.refuses("restore")


@pytest.mark.parametrize("name", [TABLE, f"{WEIGHTS}.prov.json"])
def test_a_file_tampered_with_here(clone, name):
    """DVC itself overlooks an edit that keeps time and size."""
    clone.run("dvc", "pull")
    clone.flip(name)
    before = clone.times()
    sentence = clone.refuses("restore")
    assert f"{name}: not the bytes that dvc.lock names" in sentence and f"rm -f {name}`" in sentence
    assert_nothing_is_blessed(clone, before)
    clone.path(name).unlink()  # as the sentence says
    clone.run("prefclip", "restore")
    assert planned(clone) == ""


def test_a_forged_pair_of_result_and_record(clone):
    """Whoever edits a file can write its record anew, seal and all; the md5 in git still tells."""
    clone.run("dvc", "pull")
    forge = f"""
from pathlib import Path
import hashlib, json, os
from prefclip.lineage.record import record_text

def rewrite(path, text):
    before = path.stat()
    path.write_text(text)
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

table = Path("{TABLE}")
old = hashlib.sha256(table.read_bytes()).hexdigest()
rewrite(table, table.read_text().replace("0.", "1.", 1))
new = hashlib.sha256(table.read_bytes()).hexdigest()
for path in table.parent.glob("typographic.*.prov.json"):
    values = json.loads(path.read_text().replace(old, new))
    rewrite(path, record_text(values["run"], values["surroundings"]))
"""
    clone.run("python", "-c", forge)
    clone.run("prefclip", "init")  # for the audit, which compares parameters
    assert " ok" in clone.says("prefclip", "audit", "verify", TABLE)
    assert "dvc.lock names" in clone.refuses("restore")
    assert_nothing_is_blessed(clone)


def test_a_remote_with_damaged_bytes(clone):
    """DVC hashes what it fetches, as the remote's `verify` demands."""
    store = clone.root.parent / STORE
    flip(copy_in(store, md5_of(clone, WEIGHTS)))
    assert "`dvc pull" in clone.refuses("restore")
    assert not clone.path(WEIGHTS).exists()
    assert_nothing_is_blessed(clone)


def test_a_remote_that_is_not_verified(clone, recorded):
    """Our own check finds it, and names the damaged copy that must go."""
    store, md5 = clone.root.parent / STORE, md5_of(clone, WEIGHTS)
    clone.run("dvc", "remote", "modify", "--local", "store", "verify", "false")
    flip(copy_in(store, md5))
    sentence = clone.refuses("restore")
    cached = f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}"
    assert f"rm -f {WEIGHTS} {cached}`" in sentence
    assert_nothing_is_blessed(clone)
    clone.run("rm", "-f", WEIGHTS, cached)
    shutil.copy(copy_in(recorded.root.parent / STORE, md5), copy_in(store, md5))
    clone.run("prefclip", "restore")
    assert planned(clone) == ""


def test_a_remote_that_lacks_something(clone):
    store = clone.root.parent / STORE
    copy_in(store, md5_of(clone, TABLE)).unlink()
    sentence = clone.refuses("restore")
    assert "`dvc pull" in sentence and TABLE in sentence
    shutil.rmtree(store)
    assert "`dvc pull" in clone.refuses("restore")
    assert "nowhere" in clone.refuses("restore", "--remote", "nowhere")
    assert_nothing_is_blessed(clone)


def test_own_results_are_not_overwritten_unasked(clone):
    clone.path(TABLE).parent.mkdir(parents=True)
    clone.path(TABLE).write_text("my own numbers\n")
    assert TABLE in clone.refuses("restore") and clone.path(TABLE).read_text() == "my own numbers\n"
    clone.run("prefclip", "restore", "--force")
    assert planned(clone) == "" and clone.path(TABLE).read_text() != "my own numbers\n"


def test_a_commit_made_wrong_on_purpose(clone):
    """A lock file that names other bytes than the records: the records are asked too."""
    clone.run("dvc", "pull")
    path = clone.path(TABLE)
    old = path.read_bytes()
    path.write_bytes(old.replace(b"0.", b"1.", 1))
    lock = clone.path("dvc.lock")
    lock.write_text(lock.read_text().replace(hashlib.md5(old).hexdigest(), hashlib.md5(path.read_bytes()).hexdigest()))
    sentence = clone.refuses("restore")
    assert TABLE in sentence and "tampered" in sentence
    assert_nothing_is_blessed(clone)


def test_a_workflow_that_makes_more_than_was_recorded(clone):
    """Touching would bless a file that nobody has checked."""
    clone.edit("dvc.yaml", "    - results/tiny/metrics/summary.json: {persist: true}\n", "")
    clone.run("dvc", "pull")
    clone.path("results/tiny/metrics/summary.json").write_text(json.dumps({"clip": 1}))
    assert "dvc.yaml: does not list results/tiny/metrics/summary.json" in clone.refuses("restore")
    assert_nothing_is_blessed(clone)
