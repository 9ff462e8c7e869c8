"""Bringing recorded results back: fetch, check every hash, and only then mark them as up to date.

``snakemake --touch`` blesses whatever lies there, so every check comes before it and none is a mere warning.
"""

import hashlib
import subprocess
import sys
import textwrap

from prefclip.lineage.project import FileProblem, Project
from prefclip.lineage.versions.milestones import (
    LOCK,
    VersioningError,
    cached_copy,
    check_names,
    files_here,
    hide_sweeps,
    stored_files,
    stored_outputs,
)
from prefclip.lineage.versions.pipeline import DVC_FILE, described_run
from prefclip.lineage.versions.storing import run_dvc, unsound_results


def restore_run(project: Project, remote: str | None = None, force: bool = False) -> int:
    """Restore the run that ``dvc.lock`` records and return the number of its files.

    With ``force``, DVC may replace files that it has no copy of. Raises VersioningError, naming the file and the
    remedy, where DVC cannot fetch everything, where a file is not what ``dvc.lock`` and its lineage record say or is
    none of the run's, and where Snakemake would still run something.
    """
    config_file, config = described_run(project)
    if not (project.root / LOCK).is_file():
        raise VersioningError(
            f"{LOCK}: no such file in {project.root}; `snakemake --cores 2 record` writes it after a run, or check out "
            "a commit that has it."
        )
    hide_sweeps(project, config)
    outputs = stored_outputs(project, config)
    unknown = [name for name, md5 in outputs.items() if md5 is None]
    if unknown:
        raise VersioningError(
            f"{LOCK}: says nothing of {unknown[0]} and {len(unknown) - 1} others that {DVC_FILE} lists; run "
            "`snakemake --cores 2 record`, or check out a commit where the two fit together."
        )
    # A pull removes what it knows from elsewhere and does not find in its lists.
    check_names(files_here(project, outputs), config, f"what lies in the folders of {DVC_FILE}", whole=False)
    try:
        run_dvc(project, "pull", *(["--remote", remote] if remote else []), *(["--force"] if force else []), DVC_FILE)
    except VersioningError as error:
        # DVC itself speaks of hashes.
        lacking = [name for name, md5 in outputs.items() if not cached_copy(project, md5).exists()]
        raise VersioningError(f"{error} Not fetched: {', '.join(lacking)}.") from error
    files = stored_files(project, outputs)
    check_names(files, config, LOCK)
    check_names(files_here(project, outputs), config, f"what lies in the folders of {DVC_FILE}")
    _check_bytes(project, files)
    problems = unsound_results(project, files, config_file)
    if problems:
        raise VersioningError(f"the results are not restored: {problems}; nothing was marked as up to date.")
    # Forced, so that everything gets a time after its inputs, and metadata to compare later changes with.
    _snakemake(project, config_file, "--touch", "--forceall", "--cores", "1", "--quiet")
    planned = _snakemake(project, config_file, "--dry-run")
    if "Nothing to be done" not in planned:
        reasons = textwrap.shorten(planned.rpartition("Reasons:")[2], 400)
        raise VersioningError(
            f"the files are sound, but Snakemake would still run something ({reasons}); `snakemake --cores 2 all` "
            "brings them up to date."
        )
    return len(files)


def _check_bytes(project: Project, files: dict[str, str]) -> None:
    """Hash every file again: DVC's own check trusts times and sizes, and a remote may hold anything."""
    wrong = [name for name, md5 in files.items() if _md5(project, name) != md5]
    if wrong:
        # A damaged copy in DVC's cache would come back.
        copy = project.name(cached_copy(project, files[wrong[0]]))
        damaged = [copy] if _md5(project, copy) not in (None, files[wrong[0]]) else []
        raise VersioningError(
            f"{wrong[0]}: not the bytes that {LOCK} names ({len(wrong)} of {len(files)} files differ); nothing was "
            f"marked as up to date; `rm -f {' '.join([wrong[0], *damaged])}` and restore again from a remote that "
            "holds the right bytes."
        )


def _md5(project: Project, name: str) -> str | None:
    try:
        with project.open(name) as stream:
            return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except (FileProblem, OSError):
        return None


def _snakemake(project: Project, config_file: str, *arguments: str) -> str:
    """Run Snakemake with a configuration and return what it says. Raises VersioningError with its words if it fails."""
    command = [sys.executable, "-m", "snakemake", *arguments, "--configfile", config_file]
    run = subprocess.run(command, cwd=project.root, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if run.returncode:
        words = " ".join(run.stderr.split())[-600:]
        raise VersioningError(f"`snakemake {arguments[0]}` failed with exit code {run.returncode}: {words}.")
    return run.stdout + run.stderr
