"""`prefclip restore`: everything comes back checked, or nothing is called up to date."""

import shutil

import pytest
import yaml
from cloned_repository import STORE, copy_in, flip, md5_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
TABLE = "results/tiny/tables/typographic.csv"
WEIGHTS = "results/tiny/checkpoints/emoji-clip/dpo/seed0/model.safetensors"


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
    assert clone.says("dvc", "status").splitlines()[-1] == "Data and pipelines are up to date."
    for path in recorded.path("results/tiny").rglob("*"):
        if path.is_file() and path.name != "lineage.html":  # which is drawn, not made
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


def test_a_remote_with_damaged_bytes(clone, recorded):
    """DVC hashes what it fetches, as the remote's `verify` demands."""
    store = clone.root.parent / STORE
    flip(copy_in(store, md5_of(recorded.path(WEIGHTS))))
    assert "`dvc pull" in clone.refuses("restore")
    assert not clone.path(WEIGHTS).exists()
    assert_nothing_is_blessed(clone)


def test_a_remote_that_is_not_verified(clone, recorded):
    """Our own check finds it, and names the damaged copy that must go."""
    store, md5 = clone.root.parent / STORE, md5_of(recorded.path(WEIGHTS))
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


def test_a_remote_that_lacks_something(clone, recorded):
    store = clone.root.parent / STORE
    copy_in(store, md5_of(recorded.path(TABLE))).unlink()
    sentence = clone.refuses("restore")
    assert "`dvc pull" in sentence and sentence.endswith(" Not fetched: results/tiny/tables.\n")
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
    """A lock file that stands for other bytes than the records: the records are asked too."""
    clone.run("dvc", "pull")
    clone.path(TABLE).write_text(clone.path(TABLE).read_text().replace("0.", "1.", 1))
    clone.run("dvc", "commit", "--force", "tables")
    sentence = clone.refuses("restore")
    assert TABLE in sentence and "tampered" in sentence
    assert_nothing_is_blessed(clone)


def test_a_commit_with_a_file_that_no_step_makes(clone):
    clone.run("dvc", "pull")
    shutil.copy(clone.path(TABLE), clone.path(TABLE).with_name("mine.csv"))
    assert "what lies in the folders" in clone.refuses("restore")
    assert clone.path(TABLE).with_name("mine.csv").is_file()
    clone.run("dvc", "commit", "--force", "tables")
    clone.path(TABLE).with_name("mine.csv").unlink()
    assert "dvc.lock holds results/tiny/tables/mine.csv, which no step" in clone.refuses("restore")
    clone.path(TABLE).with_name("mine.csv").unlink()
    clone.path(TABLE).unlink()
    clone.run("dvc", "commit", "--force", "tables")
    assert f"dvc.lock lacks {TABLE}" in clone.refuses("restore")
    assert_nothing_is_blessed(clone)


def test_a_damaged_list_of_a_folder(clone):
    """Its files have the md5 that it says, but it is not the list that git vouches for."""
    clone.run("dvc", "pull")
    stages = yaml.safe_load(clone.path("dvc.lock").read_text())["stages"]
    copy = copy_in(clone.path(".dvc/cache"), stages["tables"]["outs"][0]["md5"])
    copy.chmod(0o644)
    copy.write_text(copy.read_text().replace("[{", "[ {"))
    copy.chmod(0o444)  # DVC hashes again what could be written to
    sentence = clone.refuses("restore")
    assert f"{copy.relative_to(clone.root)}: not the list of results/tiny/" in sentence
    assert_nothing_is_blessed(clone)
    copy.unlink()  # as the sentence says
    clone.run("prefclip", "restore")
    assert planned(clone) == ""


def test_a_milestone_less_than_the_run_has(clone):
    """Touching would bless a file that nobody has checked."""
    clone.edit("dvc.yaml", ', "${run}/metrics": {persist: true}]', "]")
    clone.run("dvc", "pull")
    clone.path("results/tiny/metrics").mkdir()
    clone.path("results/tiny/metrics/summary.json").write_text('{"clip": 1}')
    assert "dvc.yaml: no milestone holds results/tiny/metrics/summary.json" in clone.refuses("restore")
    assert_nothing_is_blessed(clone)
