"""What lies in the folders of the milestones, and what has to: all files of the main run, nothing else."""

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from prefclip.config import Config
from prefclip.config.sweeps import SweepsConfig
from prefclip.errors import PrefclipError
from prefclip.files import remove_file, write_text
from prefclip.lineage.project import Project
from prefclip.lineage.record import record_name
from prefclip.lineage.versions.pipeline import DVC_FILE
from prefclip.run.files import files_of
from prefclip.run.steps import step_class, step_names

if TYPE_CHECKING:
    from dvc.repo import Repo

LOCK = "dvc.lock"
FOLDER = ".dir"  # the end of the md5 of a folder: that of the list of its files


class VersioningError(PrefclipError):
    """DVC could not do what it was asked, or what it would store or brought back is not what the records say."""


@contextmanager
def dvc_repo(project: Project) -> Iterator["Repo"]:
    """Open the repository with DVC. Raises VersioningError, also for what DVC raises inside the block."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(project.root)) as repo:
            yield repo
    except DvcException as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise VersioningError(
            f"{project.root}: DVC cannot work here ({reason}); it needs a git clone with .dvc and {DVC_FILE}."
        ) from error


def stored_outputs(project: Project, config: Config) -> dict[str, str | None]:
    """Return the folders and files that DVC stores, with the md5 of ``dvc.lock``, None where that has none.

    Raises VersioningError where ``dvc.yaml`` has no place for a file of the run.
    """
    with dvc_repo(project) as repo:
        ours = [out for out in repo.index.outs if Path(out.stage.path) == project.root / DVC_FILE and out.use_cache]
        outputs = {project.name(out.fs_path): out.hash_info.value if out.hash_info else None for out in ours}
    homeless = sorted(path for path in made_files(config) if not any(is_below(path, name) for name in outputs))
    if homeless:
        raise VersioningError(f"{DVC_FILE}: no milestone holds {_first(homeless)}; `git checkout -- {DVC_FILE}`.")
    return outputs


def is_below(path: str, output: str) -> bool:
    """Say whether a file is an output or lies in one."""
    return path == output or path.startswith(f"{output}/")


def stored_files(project: Project, outputs: dict[str, str]) -> dict[str, str]:
    """Return the stored files with their md5, as lists in DVC's cache say. Raises VersioningError for a wrong list."""
    files = {}
    for name, md5 in outputs.items():
        if not md5.endswith(FOLDER):
            files[name] = md5
            continue
        copy = cached_copy(project, md5)
        listed = copy.read_bytes() if copy.is_file() else b""
        if hashlib.md5(listed, usedforsecurity=False).hexdigest() + FOLDER != md5:
            raise VersioningError(
                f"{project.name(copy)}: not the list of {name} that {LOCK} names; nothing was marked as up to date; "
                f"remove it and restore again from a remote that holds the right bytes."
            )
        files |= {f"{name}/{entry['relpath']}": entry["md5"] for entry in json.loads(listed)}
    return files


def cached_copy(project: Project, md5: str) -> Path:
    """Return where DVC's cache keeps the bytes with an md5."""
    with dvc_repo(project) as repo:
        return Path(repo.cache.local.oid_to_path(md5))


def files_here(project: Project, outputs: Collection[str]) -> set[str]:
    """Return the files that DVC sees in the stored outputs, which need not be there."""
    with dvc_repo(project) as repo:
        found = {name for name in outputs if (project.root / name).is_file()}
        folders = [str(project.root / name) for name in outputs if (project.root / name).is_dir()]
        return found | {project.name(path) for folder in folders for path in repo.dvcignore.find(repo.fs, folder)}


def made_files(config: Config) -> set[str]:
    """Return the files of a run: what its steps write, without sweeps and trials, their records, and its settings."""
    return _written(main_run(config)) | {files_of(config).config}


def main_run(config: Config) -> Config:
    """Return a configuration without its sweeps and the search for its settings: what `all` makes of it."""
    return config.model_copy(update={"sweeps": SweepsConfig(), "tuning": None})


def hide_sweeps(project: Project, config: Config) -> None:
    """Write a ``.dvcignore`` into the run's folder, so that DVC does not see what only sweeps and trials make."""
    root = files_of(config).root
    hidden = sorted(_written(config) - made_files(config))
    path, text = project.root / root / ".dvcignore", "".join(f"{name.removeprefix(root)}\n" for name in hidden)
    if not hidden:
        remove_file(path)
    elif not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def check_names(found: Collection[str], config: Config, where: str, whole: bool = True) -> None:
    """Raise VersioningError unless files, found ``where``, are those of the run, and all of them if ``whole``."""
    made = made_files(config)
    lacking, foreign = sorted(made.difference(found)) if whole else [], sorted(set(found) - made)
    if lacking:
        raise VersioningError(f"{where} lacks {_first(lacking)}; `snakemake --cores 2 record` makes and stores it.")
    if foreign:
        raise VersioningError(
            f"{where} holds {_first(foreign)}, which no step of the run makes; remove it or put back what asked for it."
        )


def _first(names: list[str]) -> str:
    return names[0] + (f" (with {len(names) - 1} others)" if len(names) > 1 else "")


def _written(config: Config) -> set[str]:
    jobs = (job for name in step_names() for job in step_class(name).jobs(config))
    outputs = [path for job in jobs for path in job.output.values()]
    return {*outputs, *map(record_name, outputs)}
