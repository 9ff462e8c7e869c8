"""Finding and reading records: lazily along the lineage of a target, or all below a folder. Never follows a link."""

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prefclip.lineage.project import RESULTS, FileProblem, LineageError, Project
from prefclip.lineage.record import SUFFIX, Damage, Record, read_record

PUBLISHED = f"{RESULTS}/reference"
LINEAGE_PAGE = "lineage.html"
STATEMENT, SIGNED_STATEMENT = "statement.json", "statement.dsse.json"
# What the audit itself writes, and the resume points of trainings under way.
NO_RESULTS = (LINEAGE_PAGE, STATEMENT, SIGNED_STATEMENT, "scratch")


class Index:
    """The records of a project, each read at most once; ``folder`` is that of a published run, if they are of one."""

    folder = ""

    def __init__(self, project: Project):
        self.project = project
        self.loops: list[str] = []
        self._records: dict[str, Record | Damage | None] = {}

    def record(self, artifact: str) -> Record | Damage | None:
        """Return the record of an artifact, what is wrong with it, or None."""
        if artifact not in self._records:
            self._records[artifact] = read_record(self.project, artifact)
        return self._records[artifact]

    def inputs(self, artifact: str) -> list[str]:
        """Return the names of the inputs of an artifact; a raw file or one with a damaged record has none."""
        record = self.record(artifact)
        return [entry.path for entry in record.run.inputs] if isinstance(record, Record) else []

    def shown(self, artifact: str) -> str:
        """Return the name of the file that holds an artifact."""
        return artifact

    def lineage(self, targets: Iterable[str]) -> list[str]:
        """Return the targets and everything upstream of them, inputs before what was made of them.

        A circle, which only forged records can have, is cut where it closes and noted in ``loops``.
        """
        order: dict[str, None] = {}
        entered: set[str] = set()
        todo = [(name, False) for name in reversed(list(targets))]
        while todo:
            name, done = todo.pop()
            if done:
                order[name] = None
            elif name not in entered:
                entered.add(name)
                todo.append((name, True))
                for above in reversed(self.inputs(name)):
                    if above not in entered:
                        todo.append((above, False))
                    elif above not in order and name not in self.loops:
                        self.loops.append(name)
        return list(order)

    def name_of(self, target: str | os.PathLike) -> str:
        """Return the name that a path on the command line means: from the working folder, or else from the root."""
        here = os.path.lexists(target) or os.path.isabs(target)
        return self.project.name(target if here else self.project.root / target)

    def resolve(self, target: str | os.PathLike) -> list[str]:
        """Return the artifacts that a target on the command line means: a file, a record or a folder of them.

        Raises LineageError for what lies elsewhere or does not exist.
        """
        name = self.name_of(target)
        if name in (".", RESULTS):
            return self.everything()
        name = name.removesuffix(SUFFIX)
        try:
            path = self.project.locate(name)
        except FileProblem as problem:
            if problem.kind != "outside":
                raise LineageError(f"{target}: {problem}; name the file itself.") from problem
            raise LineageError(
                f"{target}: lies outside {self.project.root}; name a file of the repository."
            ) from problem
        if os.path.isdir(path) and not os.path.islink(path):
            return listing(self.project, name)
        if not os.path.lexists(path) and self.record(name) is None:
            raise LineageError(f"{target}: no such file, nor a record of one; name an artifact below results/.")
        return [name]

    def everything(self) -> list[str]:
        """Return the artifacts of all runs; the published results are compared, not audited."""
        try:
            with os.scandir(self.project.root / RESULTS) as entries:
                names = sorted(f"{RESULTS}/{entry.name}" for entry in entries if _counts(entry.name))
        except OSError:
            return []
        artifacts = []
        for name in names:
            if name != PUBLISHED:
                path = self.project.root / name
                below = path.is_dir() and not path.is_symlink()
                artifacts += listing(self.project, name) if below else [name.removesuffix(SUFFIX)]
        return sorted(set(artifacts))


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause the garbage collector, also as a decorator.

    Records hold no cycles, and walking thousands of them again and again takes more time than reading them.
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _counts(name: str) -> bool:
    return not name.startswith(".") and name not in NO_RESULTS


def listing(project: Project, folder: str) -> list[str]:
    """List the artifacts below a folder, sorted: what is a file, has a record, or both; links count as files.

    Hidden files (half-written ones) and NO_RESULTS do not count.
    """
    artifacts, todo = set(), [folder]
    while todo:
        here = todo.pop()
        try:
            with os.scandir(project.locate(here)) as entries:
                children = list(entries)
        except (FileProblem, OSError):
            continue
        for entry in children:
            if not _counts(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                todo.append(f"{here}/{entry.name}")
            else:
                artifacts.add(f"{here}/{entry.name}".removesuffix(SUFFIX))
    return sorted(artifacts)
