"""What is checked of one artifact: each check compares its record with one thing that is true today.

Checks yield (state, reason, remedy). They read no file themselves: hashes, git and settings of today are in ``Today``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prefclip.lineage.figure_ids import figure_activity
from prefclip.lineage.git_state import GitState
from prefclip.lineage.hashing import FileHash
from prefclip.lineage.index import Index
from prefclip.lineage.project import RESULTS, Project
from prefclip.lineage.record import Record, activity_id, run_id
from prefclip.lineage.settings import ABSENT, CurrentSettings

Verdict = tuple[str, str, str]


@dataclass(frozen=True)
class Declaration:
    """What a step would read and write today, by name, and what would decide what it writes."""

    inputs: frozenset[str]
    outputs: frozenset[str]
    params: dict[str, Any]
    code: dict[str, str]


@dataclass
class Today:
    """Everything that records are compared with."""

    project: Project
    index: Index
    hashes: dict[str, FileHash]
    git: GitState | None
    settings: CurrentSettings
    packages: dict[str, str | None]
    # What each activity would be today: None where the configuration no longer asks for it, text where nobody can say.
    steps: dict[str, Declaration | str | None]


def remake(artifact: str, force: bool = True) -> str:
    """Return the command that makes an artifact again."""
    return f"snakemake --cores all {'--force ' if force else ''}{artifact}"


def is_result(name: str) -> bool:
    """Say whether a name lies in the results folder: made by a run, not shipped."""
    return name.startswith(f"{RESULTS}/")


def check_bytes(today: Today, artifact: str, record: Record) -> Iterator[Verdict]:
    """The file is what the record says, and so is the id that a figure carries."""
    now, then = today.hashes[artifact], record.run.output()
    again = remake(artifact) if is_result(artifact) else f"git checkout -- {artifact}"
    if now.problem == "missing":
        yield "missing", "the record is there, the file is not", remake(artifact, force=False)
    elif now.problem == "unreadable":
        yield "unverifiable", f"the file {now.message}", f"chmod u+r {artifact}"
    elif now.problem:
        yield "tampered", f"the file {now.message}; a stage wrote a regular file here", f"rm {artifact} && {again}"
    elif now.sha256 != then.sha256:
        sizes = "" if now.size == then.size else f", {now.size} bytes instead of {then.size}"
        reason = f"sha256 is {now.sha256[:12]}…, the record says {then.sha256[:12]}…{sizes}"
        yield "tampered", reason, f"prefclip restore, or {again}"
    else:
        carried = figure_activity(today.project, artifact)
        if carried is not None and carried != record.run.activity:
            reason = f"the figure names the run {carried[:12]}…, its record {record.run.activity[:12]}…"
            yield "tampered", reason, again


def check_record_itself(today: Today, artifact: str, record: Record) -> Iterator[Verdict]:
    """The record agrees with itself and with the records of the same run's other outputs."""
    run = record.run
    values = run.model_dump()
    if record.id != run_id(values) or run.activity != activity_id(values):
        yield "tampered", "its record was edited: the ids are not those of its content", remake(artifact)
    if run.exit_status != 0:
        yield "unverifiable", f"its stage ended with exit status {run.exit_status}", remake(artifact)
    for entry in run.outputs:
        other = today.index.record(entry.path) if entry.path != artifact and is_result(entry.path) else None
        if isinstance(other, Record) and entry.path == other.run.artifact and other.run.output() != entry:
            reason = f"its record and that of {entry.path}, written by one run, disagree on the latter"
            yield "tampered", reason, remake(artifact)


def check_step(today: Today, artifact: str, record: Record) -> Iterator[Verdict]:
    """Its step, as it is declared today, would make it from the same files, settings and source files."""
    run, again = record.run, remake(artifact, force=False)
    if run.config is None:
        return
    step, origin = today.steps[run.activity], today.settings.origin(run.config)
    if isinstance(step, str):
        yield "unverifiable", f"its parameters cannot be compared: {step}", "mend it, or name another: --config FILE"
    elif step is None or artifact not in step.outputs:
        yield "orphaned", f"{origin} no longer asks for it", f"rm {artifact}, or put back what asked for it"
    else:
        moved = differences("", run.params, step.params)
        if moved:
            yield "stale", f"{origin} changed: {_some(moved)}", again
        changed = [
            name for name in sorted({*run.code.files, *step.code}) if run.code.files.get(name) != step.code.get(name)
        ]
        if changed:
            yield "stale", f"code of {run.stage} changed: {_some(changed)}", again
        then, now = {entry.path for entry in run.inputs}, step.inputs
        if then != now:
            signs = [*(f"+{name}" for name in sorted(now - then)), *(f"−{name}" for name in sorted(then - now))]
            yield "stale", f"it would be made from other files: {_some(signs)}", again


def check_packages(today: Today, artifact: str, record: Record) -> Iterator[Verdict]:
    """The packages that the stage imports have the versions they had."""
    moved = [
        f"{name} {then} → {today.packages[name]}"
        for name, then in record.run.packages.items()
        if today.packages[name] not in (None, then)
    ]
    if moved:
        remedy = f"make the environment again from envs/requirements.lock, or {remake(artifact)}"
        yield "stale", f"packages installed here differ: {_some(moved)}", remedy


def check_inputs(today: Today, artifact: str, record: Record) -> Iterator[Verdict]:
    """Everything it was made of is known, and has not been made anew since."""
    for entry in record.run.inputs:
        name = entry.path
        above, now = today.index.record(name), today.hashes[name]
        again = remake(artifact, force=False)
        if isinstance(above, Record):
            if above.run.output().sha256 != entry.sha256:
                yield "stale", f"{name} was made again since", again
        elif above is not None:
            continue  # reported where it is: the input's own record is damaged
        elif now.problem == "outside":
            yield "untracked-input", f"{name} {now.message}", "copy it into the repository, commit it and name it there"
        elif now.problem in ("link", "irregular"):
            yield "untracked-input", f"its input {name} {now.message}", f"put the file itself at {name}, then {again}"
        elif is_result(name):
            yield "untracked-input", f"its input {name} has no record", remake(name)
        elif today.git is not None and name not in today.git.tracked:
            yield "untracked-input", f"its input {name} is neither in git nor made by a stage", f"git add {name}"
        elif not now.problem and now.sha256 != entry.sha256 and today.git is not None and today.git.holds(name):
            yield "stale", f"{name} was replaced by a commit", again


def check_commit(today: Today, artifact: str, record: Record) -> Iterator[Verdict]:
    """The files that decided the result are in a commit, at least by now."""
    git = record.surroundings.git
    if git is None:
        return
    loose = [name for name, sha256 in git.changed.items() if today.git is None or not _committed(today, name, sha256)]
    if loose:
        remedy = f"git commit {loose[0]}, or go back to the committed state and {remake(artifact)}"
        yield "incomparable", f"made with uncommitted changes of {_some(loose)}", remedy


def check_raw(today: Today, name: str, expected: set[str]) -> Iterator[Verdict]:
    """A file that nothing made is what the records above it say; ``expected`` are the hashes they give."""
    now, back = today.hashes[name], f"git checkout -- {name}"
    if now.problem == "missing":
        yield "missing", "records name it as an input, the file is not there", back
    elif now.problem == "unreadable":
        yield "unverifiable", f"the input {now.message}", f"chmod u+r {name}"
    elif now.problem:
        return  # a link or a name outside the repository: reported as an untracked input
    elif now.sha256 not in expected and not (today.git is not None and today.git.holds(name)):
        yield "tampered", f"sha256 is {now.sha256[:12]}…, records made from it say {min(expected)[:12]}…", back


CHECKS = (check_record_itself, check_bytes, check_step, check_packages, check_inputs, check_commit)
# A shipped artifact, such as the base model, is frozen: what moved since it was made does not make it stale.
SHIPPED_CHECKS = (check_record_itself, check_bytes)


def _committed(today: Today, name: str, sha256: str | None) -> bool:
    if sha256 is None:  # it was deleted
        return name not in today.git.tracked
    return today.git.holds(name) and today.hashes[name].sha256 == sha256


def moved(then: object, now: object, key: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield what differs between two plain values: ``key.path``, old, new; ABSENT where a dictionary lacks the key."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted({*then, *now}):
            yield from moved(then.get(name, ABSENT), now.get(name, ABSENT), f"{key}.{name}" if key else name)
    elif not (type(then) is type(now) and then == now):
        yield key, then, now


def differences(key: str, then: object, now: object) -> list[str]:
    """Return what differs between two plain values as lines ``key.path old → new``."""
    return [f"{name} {short(old)} → {short(new)}".strip() for name, old, new in moved(then, now, key)]


def short(value: object) -> str:
    """Return a value in at most 80 characters."""
    text = str(value) if value == ABSENT else repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _some(items: list[str], most: int = 3) -> str:
    shown = ", ".join(item[:300] for item in items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"
