"""The lineage as W3C PROV: files are entities, stages that ran are activities, the package is their agent."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import prefclip
from prefclip.files import write_text
from prefclip.lineage.activities import Activity, activities
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import FileEntry, canonical

FILE_NAME = "prov.json"
NAMESPACES = {
    "file": "urn:prefclip:file:",
    "run": "urn:prefclip:activity:",
    "agent": "urn:prefclip:agent:",
    "prefclip": "urn:prefclip:term:",
}


def export_prov(project: Project, folder: str | Path, targets: Iterable[str | Path] = ()) -> Path:
    """Write ``<folder>/prov.json`` and return its path. Raises LineageError without usable records or package prov."""
    try:
        from prov.model import ProvDocument
    except ImportError as error:
        raise LineageError("PROV-JSON needs the package prov: pip install 'prefclip[lineage]'.") from error
    collected = activities(project, targets)
    document = ProvDocument()
    for prefix, uri in NAMESPACES.items():
        document.add_namespace(prefix, uri)
    for entry in collected.raw.values():
        _entity(document, entry)
    for activity in collected.all:
        agent = _agent(document, activity)
        started, finished = (_time(text) for text in (activity.around.started, activity.around.finished))
        node = document.activity(f"run:{activity.id}", started, finished, _facts(activity))
        document.wasAssociatedWith(node, agent)
        for entry in activity.run.inputs:
            document.used(node, _file_id(entry))
        for entry in activity.outputs.values():
            document.wasGeneratedBy(_entity(document, entry), node, finished)
    path = Path(folder) / FILE_NAME
    write_text(path, document.unified().serialize(format="json", indent=1, sort_keys=True) + "\n")
    return path


def _entity(document, entry: FileEntry):
    facts = {"prefclip:sha256": entry.sha256, "prefclip:size": entry.size, "prov:label": entry.path}
    return document.entity(_file_id(entry), facts)


def _file_id(entry: FileEntry) -> str:
    return f"file:{quote(entry.path)}"


def _agent(document, activity: Activity):
    commit = activity.around.git.commit if activity.around.git else None
    facts = {"prov:type": "prov:SoftwareAgent", "prov:label": f"prefclip {prefclip.__version__}"}
    name = commit or prefclip.__version__
    return document.agent(f"agent:{name}", {**facts, "prefclip:commit": commit} if commit else facts)


def _facts(activity: Activity) -> dict:
    run = activity.run
    facts = {
        "prov:label": activity.title(),
        "prefclip:stage": run.stage,
        "prefclip:params": canonical(run.params).decode(),
        "prefclip:code": run.code.sha256,
        "prefclip:packages": canonical(run.packages).decode(),
        "prefclip:command": " ".join(activity.around.command),
    }
    return facts if run.seed is None else {**facts, "prefclip:seed": run.seed}


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
