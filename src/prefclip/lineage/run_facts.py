"""What the report of a run tells of its lineage, as plain values: ids, ways back to raw data, versions."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prefclip.lineage.graph_drawing import anchor
from prefclip.lineage.index import LINEAGE_PAGE, Index, without_collector
from prefclip.lineage.project import Project
from prefclip.lineage.record import Record


@without_collector()
def run_facts(targets: Iterable[str | Path], project: Project | None = None) -> dict[str, Any]:
    """Return what is known of ``targets`` and of all files that they were made of. Raises nothing.

    ``artifacts``: by name, each with ``id`` of its record, ``stage``, ``anchor`` on the lineage page, and the names of
    its ``inputs``; files without a sound record have only their name. ``packages``: versions that any of the stages
    used. ``lock``: sha256 of the lock file. Commits, hardware and times differ between runs that give the same bytes;
    they are left to the lineage page, so that the report is the same too.
    """
    project = project or Project.around()
    index = Index(project)
    names = [project.name(path) for path in targets]
    found: dict[str, Any] = {"artifacts": {}, "packages": {}, "lock": "", "page": LINEAGE_PAGE}
    for name in index.lineage(names):
        record = index.record(name)
        if not isinstance(record, Record):
            found["artifacts"][name] = {"anchor": anchor(name), "inputs": []}
            continue
        found["artifacts"][name] = {
            "id": record.id,
            "stage": record.run.stage,
            "anchor": anchor(name),
            "inputs": [entry.path for entry in record.run.inputs],
        }
        found["packages"] |= record.run.packages
        found["lock"] = record.surroundings.lock.sha256 if record.surroundings.lock else found["lock"]
    found["packages"] = dict(sorted(found["packages"].items()))
    return found
