"""All stages given by hand: whole files, the same bytes again, and what is left where the disk is full."""

import subprocess
from pathlib import Path

import pytest
from tiny_project import RUN, STAGES, contents, prefclip, tuned

# Tells of the machine, so its bytes differ.
TIMED = ("speed.csv",)


def test_every_output_is_whole_and_has_a_record(finished):
    names = {str(path.relative_to(finished)) for path in (finished / RUN).rglob("*") if path.is_file()}
    assert [name for name in names if ".partial" in name or "/scratch/" in name] == []
    artifacts = {name for name in names if not name.endswith((".prov.json", "/config.json"))}
    assert {name for name in artifacts if f"{name}.prov.json" not in names} == set()


def test_outputs_can_be_read_by_others(finished):
    private = [path for path in (finished / RUN).rglob("*") if path.is_file() and not path.stat().st_mode & 0o040]
    assert private == []


def test_the_resolved_configuration_is_stored_once(project):
    stored = Path(RUN, "config.json")
    stamp = stored.stat().st_mtime_ns
    assert prefclip("init", "--config", "tiny.yaml") == 0
    assert stored.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("command", [command for command, _ in STAGES], ids=" ".join)
def test_a_repeated_stage_gives_the_same_bytes(project, command):
    before = contents()
    assert prefclip(*command) == 0
    after = contents()
    assert set(after) == set(before)
    assert [name for name in before if before[name] != after[name] and not name.endswith(TIMED)] == []


@pytest.mark.parametrize(
    ("command", "output"), STAGES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_full_disk_leaves_nothing_half_written(project, command, output, capsys, largest_file):
    whole = contents()
    made_here = [name for name in whole if name.startswith(output.rsplit(".", 1)[0])]
    for name in made_here:
        Path(name).unlink()
    capsys.readouterr()
    with largest_file(100):
        code = prefclip(*command)
    said = capsys.readouterr().err
    assert code == 1 and said.splitlines()[-1].startswith("prefclip: ") and "Traceback" not in said, said
    assert "the disk is full; free some space and run the command again." in said
    left = contents()
    assert [
        name for name in left if name not in whole or (left[name] != whole[name] and not name.endswith(TIMED))
    ] == []
    assert output not in left


REMOUNTED = """
import os, shutil, subprocess, sys
from prefclip.cli import main
shutil.copytree({project!r}, DISK / "project", symlinks=True)
os.chdir(DISK / "project")
subprocess.run(["mount", "-o", "remount,ro", str(DISK)], check=True)
sys.argv = ["prefclip", *{command!r}]
main()
"""


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["manifest", RUN, "food"], f"{RUN}/data/food/images.npy"),
        (["train", RUN, "dpo"], tuned("dpo")),
        (["evaluate", RUN, "clip"], f"{RUN}/predictions"),
        (["table", RUN, "retention"], f"{RUN}/tables/retention"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_read_only_results_folder_is_named(project, command, output, on_disk):
    run = on_disk("size=64m", REMOUNTED.format(project=str(project), command=command))
    assert isinstance(run, subprocess.CompletedProcess)
    assert run.returncode == 1 and run.stdout == "", run.stdout
    assert run.stderr.startswith("prefclip: ") and run.stderr.count("\n") == 1, run.stderr
    assert (
        "Read-only file system" in run.stderr and f"{RUN}/" in run.stderr and "make its folder writable" in run.stderr
    )
