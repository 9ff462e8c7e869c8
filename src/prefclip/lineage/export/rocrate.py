"""The lineage as a Workflow Run RO-Crate: RO-Crate 1.1 with the process, workflow and provenance run profiles 0.5.

The crate holds the workflow, the records and every file up to a size; larger ones are described by their content, as
``ni:///sha-256;…`` (RFC 6920), and stay where they are.
"""

import base64
import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import prefclip
from prefclip.files import write_json
from prefclip.lineage.activities import Activities, Activity, activities
from prefclip.lineage.project import FileProblem, LineageError, Project
from prefclip.lineage.record import FileEntry, canonical, record_name

LARGEST_COPY = 8 * 1024 * 1024
WORKFLOW = "workflow/Snakefile"
METADATA = "ro-crate-metadata.json"
LICENSE = "https://spdx.org/licenses/MIT"
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".tex": "application/x-tex",
}
Entity = dict[str, Any]


def export_rocrate(project: Project, folder: str | Path, targets: Iterable[str | Path] = ()) -> Path:
    """Write the crate into ``folder``, which must be empty or absent, and return the path of its metadata.

    Raises LineageError without usable records or workflow, and for files that are not what the records say.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LineageError(f"{folder}: is not empty; name a new folder for the crate.")
    collected = activities(project, targets)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        crate = Path(scratch) / "crate"
        graph = _Graph(project, collected, crate).build()
        write_json(crate / METADATA, {"@context": CONTEXT, "@graph": graph})
        if folder.exists():
            folder.rmdir()
        shutil.move(crate, folder)
    return folder / METADATA


class _Graph:
    """Builds the JSON-LD entities, and copies files as it names them."""

    def __init__(self, project: Project, collected: Activities, crate: Path):
        self.project, self.collected, self.crate = project, collected, crate
        self.entities: dict[str, Entity] = {}
        self.ids: dict[str, str] = {}
        self.keys = {id(activity): f"{place}-{activity.id[:16]}" for place, activity in enumerate(collected.all)}

    def build(self) -> list[Entity]:
        workflow = self._copy(WORKFLOW, None)
        files = [self._file(entry) for entry in {**self.collected.raw, **self.collected.made()}.values()]
        records = [self._copy(record_name(name), None) for name in self.collected.made()]
        runs = [self._run(activity) for activity in self.collected.all]
        whole = self._whole_run(workflow)
        self._workflow(workflow)
        organized = self._add(
            "#organize",
            "OrganizeAction",
            name="Snakemake ran the stages",
            instrument=_ref("#engine"),
            object=_refs(name.replace("#run-", "#control-") for name in runs),
            result=_ref(whole),
        )
        self._descriptors([workflow, *files, *records], workflow, [whole, organized, *runs])
        return list(self.entities.values())

    def _add(self, identifier: str, kind: str | list[str], /, **properties: Any) -> str:
        kept = {key: value for key, value in properties.items() if value not in (None, [], "")}
        self.entities[identifier] = {"@id": identifier, "@type": kind, **kept}
        return identifier

    def _file(self, entry: FileEntry) -> str:
        raw = entry.path in self.collected.raw
        if entry.size <= LARGEST_COPY:
            identifier = self._copy(entry.path, entry.sha256)
        else:
            digest = base64.urlsafe_b64encode(bytes.fromhex(entry.sha256)).decode().rstrip("=")
            identifier = self._add(f"ni:///sha-256;{digest}?path={quote(entry.path)}", "File", name=entry.path)
        example = "#input-raw-data" if raw else "#output-results" if entry.path in self.collected.final() else None
        self.ids[entry.path] = identifier
        facts = {"exampleOfWork": _ref(example)} if example else {}
        self.entities[identifier] |= {"sha256": entry.sha256, "contentSize": str(entry.size), **facts}
        return identifier

    def _copy(self, name: str, sha256: str | None) -> str:
        digest, size = hashlib.sha256(), 0
        try:
            with self.project.open(name) as source:  # which also says that the name stays inside the repository
                target = self.crate / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as copy:
                    while block := source.read(1 << 20):
                        digest.update(block)
                        size += len(block)
                        copy.write(block)
        except FileProblem as problem:
            raise LineageError(f"{name}: {problem}; a crate needs it.") from problem
        if sha256 not in (None, digest.hexdigest()):
            raise LineageError(f"{name}: is not what the records say; see `prefclip audit verify {name}`.")
        kind = MEDIA_TYPES.get(Path(name).suffix)
        facts = {"sha256": digest.hexdigest(), "contentSize": str(size), "encodingFormat": kind}
        return self._add(quote(name), "File", name=name, **facts)

    def _run(self, activity: Activity) -> str:
        stage, key = activity.run.stage, self.keys[id(activity)]
        about = {"name": f"prefclip {stage}", "version": prefclip.__version__}
        tool = self._add(f"#tool-{stage}", "SoftwareApplication", **about)
        position = self.collected.stages().index(stage) + 1
        step = self._add(f"#step-{stage}", "HowToStep", name=stage, position=str(position), workExample=_ref(tool))
        values = {**activity.run.params, **({} if activity.run.seed is None else {"seed": activity.run.seed})}
        params = [self._param(stage, key, name, value) for name, value in values.items()]
        action = self._add(
            f"#run-{key}",
            "CreateAction",
            name=activity.title(),
            description=" ".join(activity.around.command),
            instrument=_ref(tool),
            object=[*self._files(activity.run.inputs), *_refs(params)],
            result=self._files(activity.outputs.values()),
            startTime=activity.around.started,
            endTime=activity.around.finished,
            actionStatus=_ref("http://schema.org/CompletedActionStatus"),
        )
        self._add(f"#control-{key}", "ControlAction", name=f"run {stage}", instrument=_ref(step), object=_ref(action))
        return action

    def _param(self, stage: str, key: str, name: str, value: Any) -> str:
        formal = f"#param-{stage}-{quote(name)}"
        self._add(formal, "FormalParameter", name=name, additionalType="Text")
        is_plain = isinstance(value, int | float | str) and not isinstance(value, bool)
        plain = value if is_plain else canonical(value).decode()
        identifier = f"#value-{key}-{quote(name)}"
        return self._add(identifier, "PropertyValue", name=name, value=plain, exampleOfWork=_ref(formal))

    def _whole_run(self, workflow: str) -> str:
        return self._add(
            "#run",
            "CreateAction",
            name="the whole run",
            instrument=_ref(workflow),
            object=self._files(self.collected.raw.values()),
            result=self._files(self.collected.final().values()),
            startTime=min(activity.around.started for activity in self.collected.all),
            endTime=self._finished(),
            actionStatus=_ref("http://schema.org/CompletedActionStatus"),
        )

    def _workflow(self, workflow: str) -> None:
        language = {"name": "Snakemake", "url": _ref("https://snakemake.readthedocs.io")}
        self._add("#snakemake", "ComputerLanguage", **language)
        self._add("#engine", "SoftwareApplication", **language)
        stages = self.collected.stages()
        for stage in stages:
            mine = [name for name in self.entities if name.startswith(f"#param-{stage}-")]
            self.entities[f"#tool-{stage}"] |= {"input": _refs(mine)} if mine else {}
        self._add("#input-raw-data", "FormalParameter", name="raw data", additionalType="File")
        self._add("#output-results", "FormalParameter", name="results", additionalType="File")
        self.entities[workflow] |= {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "programmingLanguage": _ref("#snakemake"),
            "hasPart": _refs(f"#tool-{stage}" for stage in stages),
            "step": _refs(f"#step-{stage}" for stage in stages),
            "input": _refs(["#input-raw-data"]),
            "output": _refs(["#output-results"]),
        }

    def _descriptors(self, parts: list[str], workflow: str, mentions: list[str]) -> None:
        root = {
            "name": "A run of prefclip",
            "description": "Results of a run with the lineage of every file.",
            "datePublished": self._finished(),
            "license": _ref(LICENSE),
            "conformsTo": _refs(PROFILES),
            "mainEntity": _ref(workflow),
            "hasPart": _refs(parts),
            "mentions": _refs(mentions),
        }
        self._add("./", "Dataset", **root)
        for profile, name in PROFILES.items():
            self._add(profile, "CreativeWork", name=name, version=profile.rsplit("/", 1)[-1])
        self._add(LICENSE, "CreativeWork", name="MIT License", identifier=LICENSE)
        standards = ["https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0"]
        self._add(METADATA, "CreativeWork", about=_ref("./"), conformsTo=_refs(standards))

    def _files(self, entries: Iterable[FileEntry]) -> list[dict[str, str]]:
        return _refs(self.ids[entry.path] for entry in entries)

    def _finished(self) -> str:
        return max(activity.around.finished for activity in self.collected.all)


def _ref(identifier: str) -> dict[str, str]:
    return {"@id": identifier}


def _refs(identifiers: Iterable[str]) -> list[dict[str, str]]:
    return [_ref(identifier) for identifier in identifiers]
