"""Where two runs part: the first ancestors whose bytes differ though all they were made of is the same, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prefclip.lineage.checks import differences
from prefclip.lineage.findings import printable
from prefclip.lineage.index import Index, without_collector
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import Record

DIFF_VERSION = 1


@dataclass
class Divergence:
    """A pair of files at which two runs part.

    ``causes`` are (kind, what); kinds are data, param, seed, code, environment, hardware, unexplained.
    """

    first: str
    second: str
    causes: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Difference:
    """The comparison of two artifacts. Divergences come in the order of the stages."""

    first: str
    second: str
    equal: bool
    divergences: list[Divergence] = field(default_factory=list)

    def as_text(self) -> str:
        """Return the answer for people."""
        if self.equal and not self.divergences:
            return printable(f"{self.first} and {self.second} are the same bytes, made in the same way")
        lines = ["the bytes are equal, but:"] if self.equal else []
        for divergence in self.divergences:
            names = dict.fromkeys((divergence.first, divergence.second))
            lines.append("they part at " + " | ".join(names))
            lines += [f"  {kind}: {what}" for kind, what in divergence.causes]
        return "\n".join(printable(line) for line in lines)

    def as_json(self) -> dict:
        """Return the machine-readable answer."""
        return {
            "schema_version": DIFF_VERSION,
            "first": printable(self.first),
            "second": printable(self.second),
            "equal": self.equal,
            "divergences": [
                {
                    "first": printable(one.first),
                    "second": printable(one.second),
                    "causes": [{"kind": kind, "what": printable(what)} for kind, what in one.causes],
                }
                for one in self.divergences
            ],
        }


@without_collector()
def diff(project: Project, first: str | Path, second: str | Path) -> Difference:
    """Compare two artifacts by their records, or two runs' folders by the artifacts that both have.

    Raises LineageError for unknown targets and for artifacts without a usable record.
    """
    index = Index(project)
    pairs = _targets(index, first, second)
    divergences = []
    for pair in _pairs_upstream(index, pairs):
        left, right = (index.record(name) for name in pair)
        if not isinstance(left, Record) or not isinstance(right, Record) or not _differ(index, pair):
            continue
        moved = [names for names in _input_pairs(left, right) if _input(left, names[0]) != _input(right, names[1])]
        if not any(_differ(index, names) for names in moved):  # else they parted further up
            divergences.append(Divergence(*pair, causes=list(_causes(left, right, moved))))
    equal = not any(_differ(index, pair) for pair in pairs)
    return Difference(str(first), str(second), equal, divergences)


def _targets(index: Index, first: str | Path, second: str | Path) -> list[tuple[str, str]]:
    names = [index.resolve(target) for target in (first, second)]
    if all(Path(target).is_dir() for target in (first, second)):
        folders = [index.project.name(target) for target in (first, second)]
        left, right = (
            {name.removeprefix(folder): name for name in found} for folder, found in zip(folders, names, strict=True)
        )
        pairs = [(left[name], right[name]) for name in left if name in right]
    else:
        pairs = [(names[0][0], names[1][0])] if len(names[0]) == len(names[1]) == 1 else []
    pairs = [pair for pair in pairs if all(isinstance(index.record(name), Record) for name in pair)]
    if not pairs:
        raise LineageError(f"{first}, {second}: need two artifacts with records, or two folders that share some.")
    return pairs


def _pairs_upstream(index: Index, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs and all pairs of ancestors that play the same part, inputs first."""
    order: dict[tuple[str, str], None] = {}
    entered: set[tuple[str, str]] = set()
    todo = [(pair, False) for pair in reversed(pairs)]
    while todo:
        pair, done = todo.pop()
        if done:
            order[pair] = None
        elif pair not in entered:
            entered.add(pair)
            todo.append((pair, True))
            left, right = (index.record(name) for name in pair)
            if isinstance(left, Record) and isinstance(right, Record):
                todo += [(names, False) for names in _input_pairs(left, right) if names not in entered and all(names)]
    return list(order)


def _input_pairs(left: Record, right: Record) -> Iterator[tuple[str, str]]:
    """Pair the inputs of two runs: the same file, else the next one in order; an input without a partner has ""."""
    first = [entry.path for entry in left.run.inputs]
    second = [entry.path for entry in right.run.inputs]
    shared = set(first) & set(second)
    yield from ((name, name) for name in first if name in shared)
    rest = [name for name in first if name not in shared], [name for name in second if name not in shared]
    for place in range(max(map(len, rest))):
        yield tuple(names[place] if place < len(names) else "" for names in rest)


def _causes(left: Record, right: Record, moved: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    one, two = left.run, right.run
    wildcards = ({key: value for key, value in run.wildcards.items() if key != "seed"} for run in (one, two))
    lines = {
        "data": [" | ".join(dict.fromkeys(name or "(none)" for name in names)) for names in moved],
        "param": differences("stage", one.stage, two.stage)
        + differences("", *wildcards)
        + differences("", one.params, two.params),
        "seed": differences("", one.seed, two.seed),
        "code": differences("", one.code.files, two.code.files),
        "environment": differences("", one.packages, two.packages) + differences("", one.determinism, two.determinism),
        "hardware": differences("", left.surroundings.hardware, right.surroundings.hardware),
    }
    yield from ((kind, line) for kind, found in lines.items() for line in found)
    if not any(lines.values()):
        yield (
            "unexplained",
            "nothing recorded differs: the stage is not deterministic, or reads what it does not declare",
        )


def _differ(index: Index, pair: tuple[str, str]) -> bool:
    """Say whether the records of a pair give other bytes; False where one has no record."""
    left, right = (index.record(name) for name in pair)
    if not isinstance(left, Record) or not isinstance(right, Record):
        return False
    return left.run.output().sha256 != right.run.output().sha256


def _input(record: Record, name: str) -> str | None:
    return next((entry.sha256 for entry in record.run.inputs if entry.path == name), None)
