"""Bringing recorded results back: fetch, check every hash, and only then mark them as up to date.

``snakemake --touch`` blesses whatever lies there, so every check comes before it and none is a mere warning.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from prefclip.lineage.milestones import described_config
from prefclip.lineage.project import FileProblem, Project
from prefclip.lineage.versioning import VersioningError, run_dvc, unsound_results, versioned_files
from prefclip.lineage.workflow_graph import config_option, workflow_jobs

LOCK = "dvc.lock"


def restore_run(project: Project, remote: str | None = None, force: bool = False) -> int:
    """Restore the run that ``dvc.lock`` records and return the number of its files.

    Args:
        project: the repository.
        remote: a DVC remote instead of the default one.
        force: let DVC replace files that it has no copy of.

    Raises VersioningError, naming the file and the remedy, where DVC cannot fetch everything, where a file is not what
    ``dvc.lock`` and its lineage record say, and where Snakemake would still run something.
    """
    config_file = described_config(project)
    if not (project.root / LOCK).is_file():
        raise VersioningError(
            f"{LOCK}: no such file in {project.root}; `snakemake --cores 2 record` writes it after a run, or check out "
            "a commit that has it."
        )
    files = versioned_files(project)
    unknown = [name for name, md5 in files.items() if md5 is None]
    if unknown:
        raise VersioningError(
            f"{LOCK}: says nothing of {unknown[0]} and {len(unknown) - 1} others that dvc.yaml lists; run "
            "`snakemake --cores 2 record`, or check out a commit where the two fit together."
        )
    run_dvc(project, "pull", *(["--remote", remote] if remote else []), *(["--force"] if force else []), "dvc.yaml")
    _check_bytes(project, files)
    problems = unsound_results(project, files, config_file)
    if problems:
        raise VersioningError(f"the results are not restored: {problems}; nothing was marked as up to date.")
    _check_coverage(project, config_file, files)
    _touch(project, config_file)
    left = workflow_jobs(project, config_file, every=False)
    if left:
        raise VersioningError(
            f"the files are sound, but Snakemake would still run {len(left)} jobs, first {left[0].rule} for "
            f"{left[0].outputs[0]} ({left[0].reason}); `snakemake --cores 2 all` brings them up to date."
        )
    return len(files)


def _check_bytes(project: Project, files: dict[str, str | None]) -> None:
    """Hash every file again: DVC's own check trusts times and sizes, and a remote may hold anything."""
    wrong = [name for name, md5 in files.items() if _md5(project, name) != md5]
    if wrong:
        remove = " ".join([wrong[0], *_damaged_copies(project, files[wrong[0]])])
        raise VersioningError(
            f"{wrong[0]}: not the bytes that {LOCK} names ({len(wrong)} of {len(files)} files differ); nothing was "
            f"marked as up to date; `rm -f {remove}` and restore again from a remote that holds the right bytes."
        )


def _md5(project: Project, name: str) -> str | None:
    try:
        with project.open(name) as stream:
            return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except (FileProblem, OSError):
        return None


def _damaged_copies(project: Project, md5: str | None) -> list[str]:
    """Return the copy in DVC's cache if it is damaged too, so that fetching again would bring it back."""
    from dvc.repo import Repo

    with Repo(str(project.root)) as repo:
        copy = Path(repo.cache.local.oid_to_path(md5))
    if not copy.is_file():
        return []
    with copy.open("rb") as stream:
        sound = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == md5
    return [] if sound else [project.name(copy)]


def _check_coverage(project: Project, config_file: str, files: dict[str, str | None]) -> None:
    """Touching would also bless results that nobody has checked."""
    jobs = workflow_jobs(project, config_file)
    unchecked = [output for job in jobs for output in job.outputs if output not in files]
    if unchecked:
        raise VersioningError(
            f"dvc.yaml: does not list {unchecked[0]} and {len(unchecked) - 1} others that the workflow makes; "
            "`prefclip dvc write`, then `snakemake --cores 2 record`."
        )


def _touch(project: Project, config_file: str) -> None:
    # Forced, so that everything gets a time after its inputs, and metadata to compare later changes with.
    command = [sys.executable, "-m", "snakemake", "--touch", "--forceall", "--cores", "1", "--quiet"]
    command += config_option(config_file)
    run = subprocess.run(command, cwd=project.root, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if run.returncode:
        words = " ".join(run.stderr.split())[-600:]
        raise VersioningError(f"`snakemake --touch` failed with exit code {run.returncode}: {words}.")
