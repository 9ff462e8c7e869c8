"""Verify artifacts: hash their bytes again and compare everything their records say with what is true today."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from prefclip.lineage.checks import CHECKS, SHIPPED_CHECKS, Declaration, Today, check_raw, is_result, remake
from prefclip.lineage.findings import AuditReport, Finding
from prefclip.lineage.git_state import git_state
from prefclip.lineage.hashing import hash_files
from prefclip.lineage.index import PUBLISHED, Index, without_collector
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import Damage, Record, run_folder
from prefclip.lineage.settings import CurrentSettings
from prefclip.lineage.sources import installed_version
from prefclip.run.steps import declared


@without_collector()
def verify(
    project: Project,
    targets: Iterable[str | Path] = (),
    config: str | Path | None = None,
    threads: int | None = None,
) -> AuditReport:
    """Audit targets and everything upstream of them; without targets, all runs.

    Args:
        project: the repository.
        targets: artifacts, their records, or folders.
        config: a configuration to compare parameters with, instead of the one that each record names.
        threads: for hashing; all cores unless told.

    Raises LineageError for a target that does not exist or lies elsewhere; everything else ends in a finding.
    """
    index = Index(project)
    targets = list(targets)
    for target in targets:
        if f"{index.name_of(target)}/".startswith(f"{PUBLISHED}/"):
            raise LineageError(
                f"{target}: is published, no run; `prefclip audit trace` and `prefclip compare` are for it."
            )
    chosen = [name for target in targets for name in index.resolve(target)] if targets else index.everything()
    names = index.lineage(chosen)
    records = {name: index.record(name) for name in names}
    packages = {name for record in records.values() if isinstance(record, Record) for name in record.run.packages}
    configs = {record.run.config for record in records.values() if isinstance(record, Record)}
    expected = _expected_inputs(records)
    settings = CurrentSettings(project, config)
    today = Today(
        project=project,
        index=index,
        hashes=hash_files(project.open, _files_to_hash(records), threads),
        git=git_state(project),
        settings=settings,
        packages={name: installed_version(name) for name in packages},
        steps=_steps(project, records, settings),
    )
    report = AuditReport(artifacts=[])
    for name, record in records.items():
        if isinstance(record, Record):
            checks = CHECKS if is_result(name) else SHIPPED_CHECKS
            verdicts = [verdict for check in checks for verdict in check(today, name, record)]
        elif isinstance(record, Damage):
            verdicts = [(record.state, record.reason, remake(name))]
        elif name in expected and not is_result(name):
            verdicts = list(check_raw(today, name, expected[name]))
        elif name in configs or name == f"{run_folder(name)}config.json":
            continue
        else:
            verdicts = list(_without_record(today, name, expected.get(name, set())))
        if is_result(name) or name in chosen or verdicts:
            report.artifacts.append(name)
        report.findings += [Finding(name, *verdict) for verdict in verdicts]
    for name in index.loops:
        report.findings.append(Finding(name, "tampered", "its lineage runs in a circle", remake(name)))
    report.findings += _inherited(records, report)
    return report


def _steps(project: Project, records: dict, settings: CurrentSettings) -> dict[str, Declaration | str | None]:
    """Return what each activity would be today, in the terms of :class:`Today`."""
    found: dict[str, Declaration | str | None] = {}
    # Steps name shipped files from the root of the repository.
    with contextlib.chdir(project.root):
        for name, record in records.items():
            if not isinstance(record, Record) or record.run.config is None or record.run.activity in found:
                continue
            run, config = record.run, settings.config(record.run.config)
            if not isinstance(config, str):
                step = declared(config, run.stage, run.wildcards, run_folder(name).rstrip("/"))
                config = step and Declaration(
                    frozenset(map(project.name, step.inputs)),
                    frozenset(map(project.name, step.output.values())),
                    step.params,
                    step.code,
                )
            found[run.activity] = config
    return found


def _without_record(today: Today, name: str, expected: set[str]) -> Iterable[tuple[str, str, str]]:
    """A result without a record; ``expected`` are the hashes that records made from it give."""
    now = today.hashes[name]
    if now.problem == "missing":
        yield "missing", "records name it, neither file nor record is there", remake(name, force=False)
    elif expected and not now.problem and now.sha256 not in expected:
        yield "tampered", "its record is gone, and it is not what records made from it say", remake(name)
    elif not (expected and now.problem):  # else reported where it is an input
        what = f"the file {now.message}, and it" if now.problem else "it"
        yield "unrecorded", f"{what} has no record", f"{remake(name)}, or remove it"


def _expected_inputs(records: dict[str, Record | Damage | None]) -> dict[str, set[str]]:
    expected: dict[str, set[str]] = {}
    for record in records.values():
        for entry in record.run.inputs if isinstance(record, Record) else ():
            expected.setdefault(entry.path, set()).add(entry.sha256)
    return expected


def _files_to_hash(records: dict[str, Record | Damage | None]) -> list[str]:
    names = dict.fromkeys(records)
    for name, record in records.items():
        if isinstance(record, Record) and is_result(name):
            names |= dict.fromkeys(record.surroundings.git.changed if record.surroundings.git else ())
    return list(names)


def _inherited(records: dict[str, Record | Damage | None], report: AuditReport) -> list[Finding]:
    """An artifact is stale when something upstream is: what it was made of will not be the same again."""
    stale = {finding.artifact: finding.artifact for finding in report.findings if finding.state == "stale"}
    inherited = []
    for name, record in records.items():  # inputs come before what was made of them
        if name in stale or not isinstance(record, Record) or not is_result(name):
            continue
        origin = next((stale[entry.path] for entry in record.run.inputs if entry.path in stale), None)
        if origin is not None:
            stale[name] = origin
            inherited.append(Finding(name, "stale", f"upstream of it, {origin} is stale", remake(name, force=False)))
    return inherited
