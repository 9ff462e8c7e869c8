"""The records of a run as activities, which exports describe: one for each stage that ran, with all its outputs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from prefclip.lineage.index import Index, without_collector
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import Damage, FileEntry, Record, Run, Surroundings


@dataclass
class Activity:
    """One run of a stage; ``outputs`` are those of its artifacts that have a record."""

    id: str
    run: Run
    around: Surroundings
    outputs: dict[str, FileEntry] = field(default_factory=dict)

    def title(self) -> str:
        """Return stage and wildcards as a short line."""
        seed = {} if self.run.seed is None else {"seed": self.run.seed}
        words = {**self.run.wildcards, **seed}
        return " ".join([self.run.stage, *(f"{key}={value}" for key, value in words.items())])


@dataclass
class Activities:
    """All activities, in the order of the lineage, and the files that none of them made."""

    all: list[Activity]
    raw: dict[str, FileEntry]

    def made(self) -> dict[str, FileEntry]:
        """Return every artifact."""
        return {name: entry for activity in self.all for name, entry in activity.outputs.items()}

    def final(self) -> dict[str, FileEntry]:
        """Return the artifacts that nothing else was made of."""
        used = {entry.path for activity in self.all for entry in activity.run.inputs}
        return {name: entry for name, entry in self.made().items() if name not in used}

    def stages(self) -> list[str]:
        """Return the stages in the order in which they first ran."""
        return list(dict.fromkeys(activity.run.stage for activity in self.all))


@without_collector()
def activities(project: Project, targets: Iterable[str | Path] = (), skip_damaged: bool = False) -> Activities:
    """Collect the activities behind targets, or behind all runs.

    Raises LineageError where there are no records, or one is damaged and not to be skipped: verify first.
    """
    index = Index(project)
    targets = list(targets)
    chosen = [name for target in targets for name in index.resolve(target)] if targets else index.everything()
    found: dict[tuple[str, str], Activity] = {}
    raw: dict[str, FileEntry] = {}
    for name in index.lineage(chosen):
        record = index.record(name)
        if isinstance(record, Damage) and not skip_damaged:
            raise LineageError(f"{name}: {record.reason}; see `prefclip audit verify {name}`.")
        if not isinstance(record, Record):
            continue
        # Two runs of the same activity may have left different bytes.
        key = (record.run.activity, record.run.model_dump_json(include={"outputs"}))
        activity = found.setdefault(key, Activity(record.run.activity, record.run, record.surroundings))
        activity.outputs[name] = record.run.output()
        for entry in record.run.inputs:
            if not isinstance(index.record(entry.path), Record):
                raw.setdefault(entry.path, entry)
    if not found:
        raise LineageError("there are no lineage records to export below results/; run the workflow first.")
    return Activities(list(found.values()), raw)
