"""Two runs side by side: their artifacts, paired by the stage that made them, its wildcards and their place in the run.

A name below the folder of a run counts from that folder, so that runs of any name can be paired.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from prefclip.lineage.hashing import hash_files
from prefclip.lineage.index import Index
from prefclip.lineage.project import LineageError
from prefclip.lineage.record import Damage, Record, Run, run_folder

# Stage, wildcards, place.
Role = tuple[str, tuple[tuple[str, str], ...], str]


@dataclass(frozen=True)
class Problem:
    """Why an artifact cannot be compared; ``state`` is that of an audit."""

    run: str
    place: str
    state: str
    reason: str


@dataclass
class Side:
    """One of two runs. ``renamed``: wildcards that have another value here, as key → (value here, value there).

    ``records`` are those of its artifacts, inputs first; ``bytes`` the hashes of the files that are as recorded.
    """

    title: str
    folder: str
    renamed: dict[str, tuple[str, str]] = field(default_factory=dict)
    records: dict[Role, Record] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    bytes: dict[Role, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, name: str) -> str:
        """Return the place of a file in its run, under the other side's wildcards."""
        return self.rename(name.removeprefix(run_folder(name)))

    def rename(self, text: str) -> str:
        """Put the other side's wildcards into a path or a dotted key."""
        words = re.split(r"([/.])", text)
        for key, (here, there) in self.renamed.items():
            words = [{here: there, f"{key}{here}": f"{key}{there}"}.get(word, word) for word in words]
        return "".join(words)

    def add(self, name: str, record: Record | Damage | None) -> None:
        """Add an artifact, or the reason why it cannot be compared."""
        place = self.place(name)
        if isinstance(record, Record):
            wildcards = {key: self.renamed.get(key, ("", value))[1] for key, value in record.run.wildcards.items()}
            role = (record.run.stage, tuple(sorted(wildcards.items())), place)
            self.records[role], self.roles[place] = record, role
        elif record is None:
            self.problems.append(Problem(self.title, place, "unrecorded", "has no record"))
        else:
            self.problems.append(Problem(self.title, place, record.state, f"has no usable record: {record.reason}"))

    def hash(self, index: Index) -> None:
        """Hash all artifacts now, and keep what is as its record says."""
        names = {role: record.run.artifact for role, record in self.records.items()}
        hashes = hash_files(index.project.open, names.values())
        for role, name in names.items():
            now, then = hashes[name], self.records[role].run.output().sha256
            if now.sha256 == then:
                self.bytes[role] = now.sha256
            elif not now.problem:
                self.problems.append(Problem(self.title, role[2], "tampered", "is not what its record says"))
            else:
                state = {"missing": "missing", "unreadable": "unverifiable"}.get(now.problem, "tampered")
                self.problems.append(Problem(self.title, role[2], state, now.message))

    def inputs(self, role: Role) -> dict[str, tuple[str, Role | None]]:
        """Return what an artifact was made of: place → its hash of then, and its role where this run made it."""
        entries = {self.place(entry.path): entry for entry in self.records[role].run.inputs}
        return {
            place: (entry.sha256, self.roles.get(place) if entry.path.startswith(self.folder) else None)
            for place, entry in entries.items()
        }

    def without(self, other: "Side") -> Counter:
        """Return how many artifacts of each stage the other side has nothing for, not even a damaged record."""
        damaged = {problem.place for problem in other.problems}
        return Counter(role[0] for role in self.records if role not in other.records and role[2] not in damaged)


@dataclass(frozen=True)
class Pairs:
    """Both sides, and the roles that both have. ``compared`` have bytes of today on both, ``differing`` other ones."""

    first: Side
    second: Side
    both: list[Role]
    compared: set[Role]
    differing: set[Role]


def pair_runs(index: Index, first: str | Path, second: str | Path) -> Pairs:
    """Pair two runs by their folders, or two artifacts with what they were made of in their runs.

    Two artifacts may have other wildcards: what led to the one seed is then paired with what led to the other.
    Raises LineageError for targets that are neither two artifacts with records nor folders of two runs.
    """
    found = [index.resolve(target) for target in (first, second)]
    are_folders = {(index.project.root / index.name_of(target)).is_dir() for target in (first, second)}
    runs = [{run_folder(name) for name in names} for names in found]
    ends = [index.record(names[0]) if names else None for names in found]
    fits = len(are_folders) == 1 and all(len(folders) == 1 for folders in runs)
    if not fits or not (are_folders == {True} or all(isinstance(end, Record) for end in ends)):
        raise LineageError(f"{first}, {second}: need two artifacts with records, or the folders of two runs.")
    sides = [Side(str(target), folders.pop()) for target, folders in zip((first, second), runs, strict=True)]
    if are_folders == {False}:
        sides[1].renamed = _renamed(*(end.run for end in ends))
    for side, names in zip(sides, found, strict=True):
        lineage = [name for name in index.lineage(names) if name.startswith(side.folder)]
        configs = {record.run.config for name in lineage if isinstance(record := index.record(name), Record)}
        for name in lineage:
            if name not in configs:
                side.add(name, index.record(name))
        if not side.records:
            raise LineageError(f"{side.title}: holds no artifact with a record; name the folder of a run.")
        side.hash(index)
    left, right = sides
    both = [role for role in left.records if role in right.records]
    timed = {role for role, record in left.records.items() if record.run.artifact in record.run.timed}
    compared = {role for role in both if role in left.bytes and role in right.bytes and role not in timed}
    return Pairs(left, right, both, compared, {role for role in compared if left.bytes[role] != right.bytes[role]})


def _renamed(first: Run, second: Run) -> dict[str, tuple[str, str]]:
    """Where the second of two artifacts has other wildcards, or another seed: key → (its value, the first's)."""
    here, there = (
        {**({} if run.seed is None else {"seed": str(run.seed)}), **run.wildcards} for run in (second, first)
    )
    return {key: (value, there[key]) for key, value in here.items() if there.get(key, value) != value}
