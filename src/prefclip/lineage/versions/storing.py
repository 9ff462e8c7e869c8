"""Storing a finished run with DVC: what it made goes to the cache, what it was made of to ``dvc.lock``."""

import contextlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Collection
from pathlib import Path

from prefclip.lineage.project import Project
from prefclip.lineage.record import SUFFIX
from prefclip.lineage.verify import verify
from prefclip.lineage.versions.milestones import (
    VersioningError,
    check_names,
    dvc_repo,
    files_here,
    hide_sweeps,
    is_below,
    made_files,
    stored_outputs,
)
from prefclip.lineage.versions.pipeline import DVC_FILE, check_described, described_run
from prefclip.run.files import store_config

# States in which an artifact is what its record says; `incomparable` ones were made before a commit held their code.
SOUND = ("ok", "incomparable")


def record_run(project: Project, run: str | Path) -> int:
    """Store a finished run in the DVC cache and write ``dvc.lock``; return the number of its files.

    Relinking stays off: it would touch the files, and Snakemake would make everything anew that depends on large ones.
    What ``dvc.lock`` says of raw data sets that are not here stays. Raises VersioningError where files are missing,
    where a file is there that the run does not make, where the records do not vouch for one, and where DVC fails;
    LineageError where ``dvc.yaml`` does not describe this run.
    """
    check_described(project, run)
    config_file, config = described_run(project)
    described = f"results/{config.experiment}"
    with contextlib.chdir(project.root):
        store_config(config)
    hide_sweeps(project, config)
    outputs, made = stored_outputs(project, config), made_files(config)
    for name in outputs:
        if not any(is_below(path, name) for path in made):  # of a step that the configuration leaves out
            (project.root / name).mkdir(parents=True, exist_ok=True)
    files = files_here(project, outputs)
    check_names(files, config, f"{described} cannot be recorded, it")
    problems = unsound_results(project, files, config_file)
    if problems:
        raise VersioningError(f"{described} cannot be recorded: {problems}.")
    run_dvc(project, "commit", "--force", "--no-relink", *stages_here(project))
    return len(files)


def unsound_results(project: Project, files: Collection[str], config_file: str) -> str:
    """Verify files against their lineage records; return what is wrong in a few words, empty if nothing is.

    Parameters are compared with ``config_file``. Source files and packages count too: what they have left behind must
    not pass for up to date.
    """
    artifacts = sorted(name for name in files if f"{name}{SUFFIX}" in files)
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
        raise VersioningError(f"`dvc {arguments[0]}` failed with exit code {run.returncode}: {shown}.")
    print(f"dvc {arguments[0]}: {(run.stdout.strip() or 'done').splitlines()[-1]}", flush=True)


def stages_here(project: Project) -> list[str]:
    """Return the stages whose files are here. Raises VersioningError for absent ones that are not recorded yet."""
    here = []
    with dvc_repo(project) as repo:
        for stage in repo.index.stages:
            absent = [str(entry) for entry in (*stage.deps, *stage.outs) if not os.path.exists(entry.fs_path)]
            if absent and not all(out.hash_info for out in stage.outs):
                raise VersioningError(f"{absent[0]}: no such file; the milestone {stage.name} cannot be recorded.")
            if not absent and Path(stage.path) == project.root / DVC_FILE:
                here.append(stage.name)
    return here
