"""Recording a finished run with DVC: what it made goes to the cache, what it was made of to ``dvc.lock``."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

from prefclip.config import read_config
from prefclip.datasets.registry import DATASETS
from prefclip.errors import PrefclipError
from prefclip.lineage.milestones import DVC_FILE, check_pipeline, described_config
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import SUFFIX
from prefclip.lineage.verify import verify
from prefclip.run.files import files_of

# States in which an artifact is what its record says; `incomparable` ones were made before a commit held their code.
SOUND = ("ok", "incomparable")


class VersioningError(PrefclipError):
    """DVC could not do what it was asked, or what it would store or brought back is not what the records say."""


def record_run(project: Project, run: str | Path) -> int:
    """Store a finished run in the DVC cache and write ``dvc.lock``; return the number of its files.

    Relinking stays off: it would touch the files, and Snakemake would make everything anew that depends on large ones.

    Raises VersioningError where the records do not vouch for a file or DVC fails, LineageError where ``dvc.yaml`` does
    not describe this run.
    """
    config_file = described_config(project)
    described = files_of(read_config(project.root / config_file, datasets=DATASETS)).root
    if project.name(run) != described:
        raise LineageError(
            f"{run}: {DVC_FILE} describes {described}; for another run, `prefclip dvc write --configfile FILE` first."
        )
    check_pipeline(project, config_file)
    outputs = versioned_files(project)
    problems = unsound_results(project, outputs, config_file)
    if problems:
        raise VersioningError(f"the run cannot be recorded: {problems}.")
    run_dvc(project, "commit", "--force", "--no-relink", DVC_FILE)
    return len(outputs)


def versioned_files(project: Project) -> dict[str, str | None]:
    """Return every output of ``dvc.yaml`` with the md5 that ``dvc.lock`` gives it, None where it gives none."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(project.root)) as repo:
            ours = [out for out in repo.index.outs if Path(out.stage.path) == project.root / DVC_FILE]
            return {project.name(out.fs_path): out.hash_info.value if out.hash_info else None for out in ours}
    except DvcException as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise VersioningError(
            f"{project.root}: DVC cannot work here ({reason}); it needs a git clone with .dvc and {DVC_FILE}."
        ) from error


def unsound_results(project: Project, files: Iterable[str], config_file: str) -> str:
    """Verify versioned files against their lineage records; return what is wrong in a few words, empty if nothing is.

    Parameters are compared with ``config_file``. Source files and packages count too: what they have left behind must
    not pass for up to date.
    """
    missing = [name for name in files if not (project.root / name).is_file()]
    if missing:
        return f"{missing[0]} is missing (with {len(missing) - 1} others); `snakemake --cores 2 all` makes them"
    artifacts = [name for name in files if not name.endswith(SUFFIX)]
    report = verify(project, artifacts, os.path.relpath(project.root / config_file))
    problems = [finding for finding in report.findings if finding.state not in SOUND]
    if not problems:
        return ""
    first, number = problems[0], len({finding.artifact for finding in problems})
    return (
        f"the lineage records do not vouch for {number} of {len(artifacts)} results, first {first.artifact} "
        f"({first.state}: {first.reason}; mend it with: {first.remedy})"
    )


def run_dvc(project: Project, *arguments: str) -> None:
    """Run a DVC command and show the last line that it prints. Raises VersioningError with its words if it fails."""
    command = [sys.executable, "-m", "dvc", *arguments]
    run = subprocess.run(command, cwd=project.root, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if run.returncode:
        words = run.stderr.partition("ERROR: ")[2] or run.stderr or run.stdout
        shown = textwrap.shorten(words.replace(f"{project.root}/", ""), 400, placeholder=" …").rstrip(".")
        raise VersioningError(f"`dvc {' '.join(arguments)}` failed with exit code {run.returncode}: {shown}.")
    print(f"dvc {arguments[0]}: {(run.stdout.strip() or 'done').splitlines()[-1]}", flush=True)
