"""Trace an artifact, or one cell of a table, back to the raw data: the part of the lineage graph above it."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic_core import from_json

from prefclip.lineage.checks import is_result
from prefclip.lineage.figure_ids import FIGURE_SUFFIXES, LARGEST_FIGURE, activity_in
from prefclip.lineage.git_state import git_state
from prefclip.lineage.hashing import FileHash, hash_file, open_plainly
from prefclip.lineage.index import PUBLISHED, Index, without_collector
from prefclip.lineage.project import FileProblem, LineageError, Project
from prefclip.lineage.published import PublishedIndex, published_folders
from prefclip.lineage.record import SUFFIX, Damage, Record
from prefclip.lineage.table_cells import find_cell, read_table_of, source_names
from prefclip.table import Number, Table

CHECKSUMS = "checksums.json"
ATTRIBUTIONS = ("ATTRIBUTION.md", "SOURCES.md", "README.md")
TRACE_VERSION = 3


@dataclass
class Node:
    """One file of the graph: an ``artifact`` has a record, ``raw`` data have none, at a ``gap`` lineage is lost."""

    name: str
    kind: str
    inputs: list[str] = field(default_factory=list)
    sha256: str = ""
    size: int = -1
    stage: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, str | None] = field(default_factory=dict)

    def label(self) -> str:
        """Return one line of text."""
        words = [self.name, f"[{self.stage or self.kind}]"]
        words += [f"sha256 {self.sha256[:12]}…"] if self.sha256 else []
        return "  ".join([*words, *(f"{key} {value}" for key, value in self.facts.items() if value not in (None, ""))])


@dataclass
class Trace:
    """The graph above one target; ``nodes`` are in order, inputs first.

    ``published`` is the folder that holds it, if it is one of published results; ``unchecked`` are then the files that
    are not here to be compared with their records. ``altered`` says how a copied figure differs from the recorded one.
    """

    target: str
    nodes: dict[str, Node]
    loops: list[str] = field(default_factory=list)
    cell: Number | None = None
    table: Table | None = None
    published: str = ""
    altered: str = ""
    unchecked: list[str] = field(default_factory=list)

    def gaps(self) -> list[Node]:
        """Return the nodes at which the way back is lost."""
        return [node for node in self.nodes.values() if node.kind == "gap"]

    def complete(self) -> bool:
        """Say whether every way back ends at raw data."""
        return not (self.gaps() or self.loops or self.altered)


@without_collector()
def trace(project: Project, target: str | Path, cell: str | None = None) -> Trace:
    """Return the lineage of a target: a file of the project, a published one, or a figure that was copied elsewhere.

    With ``cell`` (``ROW,COLUMN`` of a table) only the files that this cell names as its sources are followed. Hashes
    are the recorded ones; ``verify`` computes them again. What is published is compared with its records, and so is
    what they name outside of the run. Raises LineageError for an unknown target or cell, TableFileError for a damaged
    table.
    """
    index, name, altered = _target(project, target)
    table, number = None, None
    inputs: dict[str, list[str]] = {}
    if cell is not None:
        table = read_table_of(project, index.shown(name))
        number = find_cell(table, cell)
        inputs[name] = _cell_inputs(index, name, table, number)
    order = index.lineage(inputs.get(name, [name])) + [name] * bool(inputs)
    recorded = _recorded_inputs(index, order)
    checksums = _Checksums(project)
    nodes = {item: _node(index, item, recorded.get(item), checksums) for item in order}
    for item, kept in inputs.items():
        nodes[item].inputs = kept
    found = Trace(name, nodes, index.loops, number, table, index.folder, altered)
    if index.folder:
        _compare_with_records(index, found)
    return found


def _target(project: Project, target: str | Path) -> tuple[Index, str, str]:
    """The records to ask, the name that the target has in them, and how it differs from that where it is a copy."""
    index, folders = Index(project), published_folders(project)
    name = index.name_of(target)
    folder = next((folder for folder in folders if name.startswith(f"{folder}/")), None)
    if folder is not None:
        published = PublishedIndex(project, folder)
        known = published.run + name.removeprefix(folder)
        if published.record(known) is None:
            raise LineageError(f"{target}: has no record in {folder}; name a published table or figure.")
        return published, known, ""
    try:
        names = index.resolve(target)
    except LineageError as error:
        published = _sound(project, folders)
        of_no_run = ((each, name, "") for each in published if each.record(name) is not None)
        found = next(of_no_run, None) or _by_figure([index, *published], Path(target))
        if found is None:
            raise error
        return found
    if names != [name.removesuffix(SUFFIX)]:
        raise LineageError(f"{target}: is a folder; name one artifact to trace.")
    if index.record(*names) is not None:
        return index, *names, ""
    if name.startswith(f"{PUBLISHED}/"):
        raise LineageError(f"{target}: nothing is recorded of it; `prefclip publish` brings the records along.")
    found = _by_figure([index, *_sound(project, folders)], project.root / name)
    if found is None and not is_result(name) and (git := git_state(project)) and name not in git.tracked:
        raise LineageError(f"{target}: neither git nor a record knows it; name an artifact, or a raw file in git.")
    return found or (index, *names, "")


def _sound(project: Project, folders: Iterable[str]) -> list[PublishedIndex]:
    """The published runs whose records can be read; damaged ones do not hide the others."""
    found = []
    for folder in folders:
        with suppress(LineageError):
            found.append(PublishedIndex(project, folder))
    return found


def _by_figure(indices: Iterable[Index], path: Path) -> tuple[Index, str, str] | None:
    """Find the artifact that a copied figure is, by the activity in its metadata, and say whether it has its bytes."""
    if path.suffix in FIGURE_SUFFIXES and path.is_file() and path.stat().st_size <= LARGEST_FIGURE:
        activity, sha256 = activity_in(path.read_bytes()), hash_file(open_plainly, str(path)).sha256
        candidates = [
            (entry.sha256 == sha256, index, name)
            for index in indices
            for name in (index.everything() if activity else [])
            if isinstance(record := index.record(name), Record) and record.run.activity == activity
            if (entry := record.run.output()) is not None and name.endswith(path.suffix)
        ]
        if candidates:
            same, index, name = max(candidates, key=lambda found: found[0])
            return index, name, "" if same else f"{path} names this figure but has other bytes: saved anew, or edited"
    return None


def _compare_with_records(index: Index, found: Trace) -> None:
    """Hash what is here of a published run's lineage; of all else the records are the only witness."""
    view = PurePosixPath(found.target)
    stored = [str(view.with_suffix(".json"))] if found.cell is not None and view.suffix != ".json" else []
    for name in [*found.nodes, *stored]:
        node = found.nodes.get(name) or _node(index, name, None, _Checksums(index.project))
        now = hash_file(index.project.open, index.shown(name))
        if now.problem == "missing" and node.sha256:
            found.unchecked.append(name)
            if node.kind == "gap" and not is_result(name):
                node.kind, node.facts = "raw", {}
        elif now.sha256 != node.sha256:
            what = now.message or f"is not what its record says: its sha256 is {now.sha256[:12]}…"
            lost = found.nodes.get(name) or found.nodes[found.target]
            lost.kind, lost.facts = "gap", {**lost.facts, "problem": f"{index.shown(name)} {what}"}


def _cell_inputs(index: Index, view: str, table: Table, number: Number) -> list[str]:
    wanted = list(dict.fromkeys(name for source in table.sources_of(number) for name in source_names(view, source)))
    known = set(index.inputs(view))
    strangers = [name for name in wanted if name not in known]
    if isinstance(index.record(view), Record) and strangers:
        raise LineageError(f"{view}: the cell names {strangers[0]}, which is no input of the table; verify the table.")
    return wanted


def _recorded_inputs(index: Index, order: list[str]) -> dict[str, FileHash]:
    """What the records say of the files that have none themselves."""
    found = {name: FileHash() for name in order if not isinstance(index.record(name), Record)}
    for name in order:
        record = index.record(name)
        for entry in record.run.inputs if isinstance(record, Record) and found else ():
            if entry.path in found:
                found[entry.path] = FileHash(entry.sha256, entry.size)
    return {name: entry for name, entry in found.items() if entry.sha256}


def _node(index: Index, name: str, recorded: FileHash | None, checksums: "_Checksums") -> Node:
    record = index.record(name)
    if isinstance(record, Record):
        entry, run, git = record.run.output(), record.run, record.surroundings.git
        ids = {"record": record.id, "activity": run.activity, "commit": git.commit if git else None}
        facts = {**run.wildcards, "seed": run.seed}
        return Node(name, "artifact", index.inputs(name), entry.sha256, entry.size, run.stage, facts, ids)
    sha256, size = (recorded.sha256, recorded.size) if recorded else ("", -1)
    if isinstance(record, Damage):
        return Node(name, "gap", [], sha256, size, facts={"problem": record.reason})
    if is_result(name):
        return Node(name, "gap", [], sha256, size, facts={"problem": "has no record"})
    try:
        with index.project.open(name) as stream:
            now_size = os.fstat(stream.fileno()).st_size
    except FileProblem as problem:
        return Node(name, "gap", [], sha256, size, facts={"problem": str(problem)})
    if recorded is None:
        sha256, size = hash_file(index.project.open, name).sha256, now_size
    facts = checksums.facts(name, sha256)
    if now_size != size:
        facts["problem"] = f"has {now_size} bytes today"
    return Node(name, "raw", [], sha256, size, facts=facts)


class _Checksums:
    """What ``checksums.json`` next to raw data says of a file, and the file that names its origin."""

    def __init__(self, project: Project):
        self.project = project
        self._lists: dict[str, dict] = {}

    def facts(self, name: str, sha256: str) -> dict[str, str]:
        folder = str(PurePosixPath(name).parent)
        if folder not in self._lists:
            self._lists[folder] = self._read(f"{folder}/{CHECKSUMS}")
        listed = self._lists[folder].get(PurePosixPath(name).name)
        facts = {}
        if isinstance(listed, str):
            verdict = "as listed in" if listed == sha256 else "NOT as listed in"
            facts["checksum"] = f"{verdict} {folder}/{CHECKSUMS}"
        for attribution in ATTRIBUTIONS:
            if (self.project.root / folder / attribution).is_file():
                facts["source"] = f"{folder}/{attribution}"
                break
        return facts

    def _read(self, name: str) -> dict:
        try:
            values = from_json(self.project.read(name, 1024 * 1024), allow_inf_nan=False)
        except (FileProblem, ValueError):
            return {}
        return values if isinstance(values, dict) else {}
