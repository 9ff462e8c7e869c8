"""Why two runs differ: the settings, code, packages, inputs and seeds that moved, and how much follows from each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from prefclip.lineage.checks import moved, short
from prefclip.lineage.findings import EXIT_CODES, printable, worst_code
from prefclip.lineage.index import Index, without_collector
from prefclip.lineage.paired_runs import Pairs, Problem, Role, pair_runs
from prefclip.lineage.project import Project
from prefclip.lineage.settings import ABSENT

DIFF_VERSION = 2
MOST_LINES = 6  # of one kind
# Kinds of causes in the order of the answer. Hardware and switches are asked for where nothing else moved.
KINDS = ("settings", "code", "packages", "inputs", "seeds", "hardware", "unexplained")
HEADINGS = {"unexplained": "unexplained (no determinism, or something that is read and not declared)"}


@dataclass
class Cause:
    """Something that moved. ``roles`` are what it decides, ``follows`` counts by stage what differs because of it."""

    kind: str
    what: str
    first: Any
    second: Any
    roles: set[Role] = field(default_factory=set)
    follows: Counter = field(default_factory=Counter)

    def as_text(self) -> str:
        """Return a line of the answer."""
        if self.kind == "unexplained":
            change = f" ({min(role[2] for role in self.roles)})"
        elif self.kind in ("code", "inputs"):  # their values are hashes
            change = " is new" if self.first == ABSENT else " is gone" if self.second == ABSENT else " changed"
        else:
            change = f": {short(self.first)} → {short(self.second)}"
        return f"  {self.what}{change}, and what follows: {_count(self.follows) if self.follows else 'nothing'}"

    def as_json(self) -> dict:
        """Return the same for machines, with the ``artifacts`` that it decides; a side that has no value lacks it."""
        sides = {name: value for name, value in (("first", self.first), ("second", self.second)) if value != ABSENT}
        artifacts = sorted(printable(role[2]) for role in self.roles)
        return {
            "kind": self.kind,
            "what": printable(self.what),
            **sides,
            "artifacts": artifacts,
            "follows": dict(self.follows),
        }


@dataclass
class Difference:
    """The comparison of two runs or artifacts; ``only`` counts what has no partner, by stage, on either side."""

    first: str
    second: str
    causes: list[Cause]
    only: tuple[Counter, Counter]
    problems: list[Problem]
    compared: int
    differing: int

    @property
    def equal(self) -> bool:
        """Whether there is nothing to say: the same artifacts with the same bytes, made in the same way."""
        return not (self.causes or any(self.only) or self.problems or self.differing)

    def exit_code(self) -> int:
        """Return 0 whether runs differ or not, else the audit's code for missing or damaged files and records."""
        return worst_code(EXIT_CODES[problem.state] for problem in self.problems)

    def as_text(self) -> str:
        """Return the answer for people; nothing where both are equal."""
        lines = []
        for kind in KINDS:
            found = [cause.as_text() for cause in self.causes if cause.kind == kind]
            lines += [f"{HEADINGS.get(kind, kind)}:", *_first(found)] if found else []
        for title, counts in zip((self.first, self.second), self.only, strict=True):
            if counts:
                stages = ", ".join(f"{stage} {count}" for stage, count in counts.items())
                lines.append(f"only in {title}: {_count(counts)} ({stages})")
        lines += _first([f"{one.place} in {one.run} {one.reason}" for one in self.problems])
        if not self.equal:
            rest = "" if self.differing == self.compared else ", the others are the same bytes"
            lines.append(f"{self.differing} of {self.compared} artifacts that both have differ{rest}")
        return "\n".join(printable(line) for line in lines)

    def as_json(self) -> dict:
        """Return the machine-readable answer."""
        return {
            "schema_version": DIFF_VERSION,
            "first": printable(self.first),
            "second": printable(self.second),
            "equal": self.equal,
            "exit_code": self.exit_code(),
            "compared": self.compared,
            "differing": self.differing,
            "causes": [cause.as_json() for cause in self.causes],
            "only": {name: dict(counts) for name, counts in zip(("first", "second"), self.only, strict=True)},
            "problems": [{key: printable(value) for key, value in asdict(one).items()} for one in self.problems],
        }


@without_collector()
def diff(project: Project, first: str | Path, second: str | Path) -> Difference:
    """Compare two runs by their folders, or two artifacts with what they were made of; every file is hashed now.

    Raises LineageError as :func:`pair_runs`.
    """
    pairs = pair_runs(Index(project), first, second)
    found: dict[tuple[str, str, str, str], Cause] = {}
    for role in pairs.both:
        for move in _moves(pairs, role):
            key = (*move[:2], short(move[2]), short(move[3]))
            found.setdefault(key, Cause(*move)).roles.add(role)
    readers = _readers(pairs)
    for cause in found.values():
        cause.follows = Counter(role[0] for role in sorted(_downstream(cause.roles, readers) & pairs.differing))
    causes = sorted(found.values(), key=lambda cause: (KINDS.index(cause.kind), cause.what))
    left, right = pairs.first, pairs.second
    return Difference(
        left.title,
        right.title,
        causes,
        (left.without(right), right.without(left)),
        left.problems + right.problems,
        len(pairs.compared),
        len(pairs.differing),
    )


def _moves(pairs: Pairs, role: Role) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield kind, name and both values of everything that moved for one artifact itself, not for its inputs."""
    first, second = pairs.first.records[role], pairs.second.records[role]
    one, two, rename = first.run, second.run, pairs.second.rename
    inputs = list(_moved_inputs(pairs, role))
    moves = [
        *(("settings", *move) for move in moved(one.params, {rename(key): value for key, value in two.params.items()})),
        *(
            ("settings", key, value, two.wildcards[key])
            for key, value in one.wildcards.items()
            if key != "seed" and two.wildcards.get(key, value) != value
        ),
        *(("code", *move) for move in moved(one.code.files, two.code.files)),
        *(("packages", *move) for move in moved(one.packages, two.packages)),
        *(("inputs", *move) for *move, told in inputs if not told),
        *(("seeds", *move) for move in moved(one.seed, two.seed, one.stage)),
    ]
    yield from moves
    if role in pairs.differing and not moves and not inputs:
        machines = [record.run.determinism | record.surroundings.hardware for record in (first, second)]
        machine = [("hardware", *move) for move in moved(*machines)]
        yield from machine or [("unexplained", one.stage, ABSENT, ABSENT)]


def _moved_inputs(pairs: Pairs, role: Role) -> Iterator[tuple[str, str, str, bool]]:
    """Yield place and both hashes of each input that is not the same; at last, whether its own pair says why."""
    one, two = (side.inputs(role) for side in (pairs.first, pairs.second))
    for place in sorted({*one, *two}):
        (then, origin), (now, other) = one.get(place, (ABSENT, None)), two.get(place, (ABSENT, None))
        if then != now:
            makers = [(side, maker) for side, maker in ((pairs.first, origin), (pairs.second, other)) if maker]
            outputs = {side.records[maker].run.output().sha256 for side, maker in makers}
            yield place, then, now, len(outputs) == 2 or (bool(makers) and ABSENT in (then, now))


def _readers(pairs: Pairs) -> dict[Role, set[Role]]:
    """Return which artifacts were made of each, on either side."""
    readers: dict[Role, set[Role]] = {}
    for side in (pairs.first, pairs.second):
        for role in side.records:
            for _, origin in side.inputs(role).values():
                if origin is not None:
                    readers.setdefault(origin, set()).add(role)
    return readers


def _downstream(roles: set[Role], readers: dict[Role, set[Role]]) -> set[Role]:
    """Return artifacts with all that was made of them."""
    found, todo = set(roles), list(roles)
    while todo:
        new = readers.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def _count(counts: Counter) -> str:
    number, stages = counts.total(), len(counts)
    return f"{number} artifact{'s' * (number != 1)} of {stages} stage{'s' * (stages != 1)}"


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"  and {more} more (--json has all)"]
