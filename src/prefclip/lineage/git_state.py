"""What git knows: the commit, what differs from it, and which files it holds. Without git or a repository: nothing."""

import hashlib
import subprocess
from dataclasses import dataclass

from prefclip.lineage.hashing import hash_files
from prefclip.lineage.project import Project

# A change here can change a result even where no stage names the file; a change of a text or a test cannot.
MODULES = tuple(f"src/prefclip/{name}" for name in ("cli.py", "run/", "config/"))
GLUE = ("Snakefile", "workflow/", *MODULES)


@dataclass(frozen=True)
class GitState:
    """``tracked`` and ``modified`` are names below the root; modified includes untracked files that are not ignored."""

    commit: str | None
    tracked: frozenset[str]
    modified: frozenset[str]

    def holds(self, name: str) -> bool:
        """Say whether a commit holds the file as it is now."""
        return self.commit is not None and name in self.tracked and name not in self.modified


def git_state(project: Project) -> GitState | None:
    """Return the state of the repository, or None where the root is not one."""
    status = _git(project, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    listing = _git(project, "ls-files", "-z")
    if status is None or listing is None or _git(project, "rev-parse", "--show-prefix") not in (b"", b"\n"):
        return None
    commit = _git(project, "rev-parse", "--verify", "--quiet", "HEAD")
    return GitState(
        commit=commit.decode().strip() if commit else None,
        tracked=frozenset(_names(listing)),
        modified=frozenset(name[3:] for name in _names(status)),
    )


def git_record(project: Project, relevant: set[str]) -> dict | None:
    """Return the git part of a record; ``relevant`` are the files that the stage read or ran."""
    state = git_state(project)
    if state is None:
        return None
    tracked_changes = state.modified & state.tracked
    decisive = {
        name
        for name in state.modified
        if name in relevant or any(name == glue or (glue[-1] == "/" and name.startswith(glue)) for glue in GLUE)
    }
    diff = _git(project, "diff", "HEAD", "--binary", "--no-ext-diff") if tracked_changes and state.commit else None
    hashes = hash_files(project.open, sorted(decisive))
    return {
        "commit": state.commit,
        "dirty": bool(tracked_changes or decisive) or state.commit is None,
        "diff_sha256": hashlib.sha256(diff).hexdigest() if diff else None,
        "changed": {name: hashes[name].sha256 or None for name in sorted(decisive)},
    }


def _names(listing: bytes) -> list[str]:
    return [name.decode(errors="surrogateescape") for name in listing.split(b"\0") if name]


def _git(project: Project, *arguments: str) -> bytes | None:
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *arguments]
    try:
        run = subprocess.run(command, cwd=project.root, capture_output=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout if run.returncode == 0 else None
