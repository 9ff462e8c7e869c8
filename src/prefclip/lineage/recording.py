"""Run one step and leave a lineage record next to each of its outputs.

A command wraps its work (`prefclip.run.step.Step.recorded` gives all of the arguments):

    with recorded("train", inputs=[images, pairs], outputs=[weights, log], params={"methods.dpo": settings},
                  seed=seed, wildcards={"method": method}, code={"src/prefclip/training/loop.py": sha256}) as run:
        train(...)

Records are written only when everything succeeded, so an artifact without a record was never finished.
"""

import os
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefclip.files import remove_file, write_text
from prefclip.lineage import surroundings
from prefclip.lineage.git_state import git_record
from prefclip.lineage.hashing import FileHash, hash_files, open_plainly
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import SUFFIX, activity_id, content_id, record_name, record_text
from prefclip.lineage.settings import CurrentSettings
from prefclip.switches import switches_in_force

Paths = Iterable[str | Path]


@dataclass(frozen=True)
class RecordedRun:
    """What a stage may want to know about its own run: ``activity`` is the id that figures carry."""

    activity: str


@contextmanager
def recorded(
    stage: str,
    *,
    outputs: Paths,
    inputs: Paths = (),
    timed: Paths = (),
    config: str | Path | None = None,
    params: dict[str, Any] | None = None,
    seed: int | None = None,
    wildcards: dict[str, object] | None = None,
    code: dict[str, str] | None = None,
    packages: dict[str, str] | None = None,
    command: list[str] | None = None,
) -> Iterator[RecordedRun]:
    """Run the block and write ``<output>.prov.json`` for every output when it ends without an error.

    Args:
        stage: name of the step.
        outputs: files that the block writes, all of them.
        inputs: files that it reads; a folder stands for all files in it. Source files need not be listed.
        timed: outputs that hold wall-clock times; their hashes are no part of the record's id.
        config: the configuration that ``params`` come from; an audit asks for its values of the day.
        params: settings that the outputs depend on, as JSON values.
        seed: the seed of the run, if it has one.
        wildcards: what tells this run from others of the stage, such as dataset, method, seed.
        code: sha256 of every source file that decides the outputs, by its name.
        packages: versions of the distributions that these files import.
        command: the command line, ``sys.argv`` unless given.

    In a distributed run the first process records (RANK 0). Raises LineageError for an input that cannot be read or
    that changed meanwhile, and for an output that the block did not write.
    """
    if os.environ.get("RANK", "0") != "0":
        yield RecordedRun(activity="")
        return
    project = Project.around()
    outputs = [Path(path) for path in outputs]
    names = [project.name(path) for path in outputs]
    if not names or len(set(names)) != len(names):
        raise LineageError(f"stage {stage!r}: needs at least one output to record, and each only once.")
    code = code or {}
    started, read = surroundings.now(), _expand(inputs)
    input_hashes = _hashes(read, f"stage {stage!r}: the input")
    run: dict[str, Any] = {
        "artifact": names[0],
        "stage": stage,
        "wildcards": {key: str(value) for key, value in (wildcards or {}).items()},
        "config": None if config is None else project.name(config),
        "params": params or {},
        "seed": seed,
        "inputs": [_entry(project, path, found) for path, found in input_hashes.items()],
        "code": {"sha256": content_id(code), "files": code},
    }
    try:
        run["activity"] = activity_id(run)
    except (TypeError, ValueError) as error:
        raise LineageError(f"stage {stage!r}: a parameter is not plain JSON ({error}).") from error
    # An old record must not stand beside a new, perhaps unfinished output.
    for path in outputs:
        remove_file(record_name(str(path)))
    marks = {path: _mark(path) for path in read}

    with switches_in_force() as switches:
        yield RecordedRun(run["activity"])
    threads = {"threads": switches.pop("threads")} if "threads" in switches else {}

    for path, mark in marks.items():
        if _mark(path) != mark:
            raise LineageError(f"stage {stage!r}: the input {path} changed while it was read; run the stage again.")
    written = _hashes(outputs, f"stage {stage!r}: the output")
    run |= {
        "outputs": [_entry(project, path, found) for path, found in written.items()],
        "timed": [project.name(path) for path in timed],
        "packages": packages or {},
        "determinism": switches,
        "exit_status": 0,
    }
    relevant = {*code, *(entry["path"] for entry in run["inputs"])}
    if run["config"] is not None:
        relevant.add(CurrentSettings(project).origin(run["config"]))
    around = {
        "command": surroundings.resolved_command(project, command),
        "git": git_record(project, relevant),
        "lock": surroundings.lock_entry(project),
        "hardware": surroundings.hardware() | threads,
        "slurm": surroundings.slurm_job(),
        "host": socket.gethostname(),
        "started": started,
        "finished": surroundings.now(),
    }
    for path, name in zip(outputs, names, strict=True):
        write_text(record_name(str(path)), record_text({**run, "artifact": name}, around))


def _expand(paths: Paths) -> list[Path]:
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        inside = [path]
        if path.is_dir():
            inside = sorted(child for child in path.rglob("*") if child.is_file() and not child.name.endswith(SUFFIX))
        files |= dict.fromkeys(inside)
    return list(files)


def _hashes(paths: list[Path], what: str) -> dict[Path, FileHash]:
    found = hash_files(open_plainly, map(str, paths))
    for path in paths:
        if found[str(path)].problem:
            raise LineageError(f"{what} {path} {found[str(path)].message}; a record needs its bytes.")
    return {path: found[str(path)] for path in paths}


def _entry(project: Project, path: Path, found: FileHash) -> dict:
    return {"path": project.name(path), "sha256": found.sha256, "size": found.size}


def _mark(path: Path) -> tuple:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return (status.st_size, status.st_mtime_ns, status.st_ino, stat.S_IFMT(status.st_mode))
