"""The repository that is audited: names for its files, and a way to open them that never leaves it.

Every record names files by their path below the repository, with ``/``. A name in a record may be hostile, so files are
only ever opened through :meth:`Project.open`: no ``..``, no absolute path, no link anywhere on the way, regular files
only. The one link that is followed is ``results`` itself, which clusters put on a scratch disk.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from prefclip.errors import PrefclipError

RESULTS = "results"
ROOT_MARKS = (".git", "workflow/Snakefile", "pyproject.toml")


class LineageError(PrefclipError):
    """A lineage command or a recorded stage was asked for something that cannot be done."""


class FileProblem(Exception):
    """A named file cannot be read. ``kind`` is missing, link, outside, irregular or unreadable."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


class Project:
    """The files below one repository root."""

    def __init__(self, root: str | Path):
        self.root = Path(os.path.realpath(root))
        self._bases = {RESULTS: os.path.realpath(self.root / RESULTS)}
        self._safe_folders: set[str] = set()
        self._prefix = os.path.join(self.root, "")

    @classmethod
    def around(cls, folder: str | Path | None = None) -> "Project":
        """Return the repository that holds ``folder`` (the current one), or the folder itself outside of any."""
        folder = Path(os.path.realpath(folder or os.getcwd()))
        for candidate in (folder, *folder.parents):
            if any((candidate / mark).exists() for mark in ROOT_MARKS):
                return cls(candidate)
        return cls(folder)

    def name(self, path: str | Path) -> str:
        """Return the name of ``path`` below the root; a file elsewhere keeps its absolute path as its name."""
        absolute = os.path.abspath(path)
        real = os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute))
        results = self._bases[RESULTS]
        for candidate in (absolute, real):
            if candidate == results or candidate.startswith(results + os.sep):
                candidate = str(self.root / RESULTS) + candidate[len(results) :]
            if candidate == str(self.root):
                return "."
            if candidate.startswith(str(self.root) + os.sep):
                return Path(candidate).relative_to(self.root).as_posix()
        return Path(absolute).as_posix()

    def locate(self, name: str) -> str:
        """Return the path of a named file.

        Raises FileProblem where the name leads out of the repository or through a link.
        """
        parts = name.split("/")
        if "\0" in name or not {"", ".", ".."}.isdisjoint(parts):
            raise FileProblem("outside", "lies outside the repository")
        folder = "/".join(parts[:-1])
        if folder not in self._safe_folders:
            base = self._bases.get(parts[0]) if len(parts) > 1 else None
            below = parts[1:-1] if base else parts[:-1]
            expected = os.path.join(base or str(self.root), *below)
            try:
                real = os.path.realpath(expected)
            except (OSError, ValueError) as error:
                raise FileProblem("unreadable", str(error)) from error
            if real != expected:
                raise FileProblem("link", "a folder on its way is a link")
            self._safe_folders.add(folder)
        return f"{self._prefix}{name}"

    def open(self, name: str) -> BinaryIO:
        """Open a named regular file for reading, unbuffered. Raises FileProblem."""
        path = self.locate(name)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileProblem("missing", "is missing") from error
        except (OSError, ValueError) as error:
            if os.path.islink(path):
                raise FileProblem("link", "is a link, which is never followed") from error
            raise FileProblem("unreadable", f"cannot be read ({getattr(error, 'strerror', error)})") from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FileProblem("irregular", "is not a regular file")
        return os.fdopen(handle, "rb", buffering=0)

    def read(self, name: str, limit: int) -> bytes:
        """Return the bytes of a small named file. Raises FileProblem, also where it is larger than ``limit``."""
        with self.open(name) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > limit:
                raise FileProblem("irregular", f"has {size} bytes, more than the {limit} such a file may have")
            try:
                return stream.read(size + 1)
            except OSError as error:
                raise FileProblem("unreadable", f"cannot be read ({error.strerror})") from error
