"""The lineage record ``<artifact>.prov.json``: its schema, its ids, reading and writing it.

A record has two parts. ``run`` is what decides the artifact and what came out: stage, wildcards, parameters, seed,
inputs, source files, versions of the packages those import, determinism flags, outputs, exit status. ``surroundings``
is what may differ the next time: command line (thread counts), git commit, lock file, processor, GPU, driver, Slurm
job, host, times. Three hashes hold it together, the first two of canonical JSON (sorted keys, no spaces, UTF-8):

- ``run.activity`` of stage, wildcards, params, seed, inputs and code: known before the stage runs, so figures carry it;
- ``id`` of ``run``: the same run twice, on another day, host or commit with the same source files, has the same id;
- ``seal`` of the text above its own line, so that any edit of a record shows (``head -n -2 RECORD | sha256sum``).
  Whoever can edit a record can also seal it anew: only a signature (``audit export --format intoto --sign``) guards
  against that.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from prefclip.lineage.project import RESULTS, FileProblem, Project

SCHEMA_VERSION = 1
SUFFIX = ".prov.json"
LARGEST_RECORD = 16 * 1024 * 1024

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=4096)]


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> bytes:
    """Return canonical JSON. Raises ValueError for NaN and infinities."""
    return _ENCODER.encode(value).encode()


Values = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FileEntry(_Part):
    """One file as it was: path below the repository, content and size."""

    path: Name
    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


class Code(_Part):
    """The source files of a stage; ``sha256`` is that of their list."""

    sha256: Sha256
    files: dict[Name, Sha256]


class Run(_Part):
    """The hashed part: what decides the artifact, and what came out."""

    artifact: Name
    activity: Sha256
    stage: Name
    wildcards: dict[str, str]
    config: Name | None = Field(description="the configuration that config_keys are keys of")
    config_keys: list[str] = Field(description="the params that are dotted keys of the configuration")
    params: Values
    seed: int | None
    inputs: list[FileEntry]
    outputs: list[FileEntry] = Field(description="every output of the activity; the artifact is one of them")
    code: Code
    packages: dict[str, str] = Field(description="versions of the distributions that the source files import")
    determinism: Values
    exit_status: int

    def output(self) -> FileEntry | None:
        """Return the entry of the artifact itself."""
        return next((entry for entry in self.outputs if entry.path == self.artifact), None)


class Git(_Part):
    """The state of the repository; ``changed`` holds the uncommitted files that can decide a result."""

    commit: str | None
    dirty: bool
    diff_sha256: Sha256 | None
    changed: dict[str, Sha256 | None]


class Surroundings(_Part):
    """What may differ between two runs that give the same bytes."""

    command: list[str]
    git: Git | None
    lock: FileEntry | None
    hardware: Values
    slurm: dict[str, str]
    host: str
    started: str
    finished: str


class Record(_Part):
    """A whole record file."""

    schema_version: Literal[1]
    id: Sha256
    run: Run
    surroundings: Surroundings
    seal: Sha256

    @model_validator(mode="after")
    def _finite(self) -> "Record":
        _ENCODER.encode([self.run.params, self.run.determinism, self.surroundings.hardware])
        return self


@dataclass(frozen=True)
class Damage:
    """A record that cannot be used. ``state`` is the audit state of its artifact."""

    state: str
    reason: str


def content_id(value: Any) -> str:
    """Return the sha256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def activity_id(run: dict) -> str:
    """Return the id of a run by what goes into it (``run`` may still lack everything else)."""
    parts = {key: run[key] for key in ("stage", "wildcards", "params", "seed", "inputs")}
    return content_id({**parts, "code": run["code"]["sha256"]})


def run_folder(artifact: str) -> str:
    """Return the folder of the run that an artifact belongs to, with a slash at its end; empty outside of results."""
    parts = artifact.split("/")
    return "/".join(parts[:2]) + "/" if parts[0] == RESULTS and len(parts) > 2 else ""


def record_text(run: dict, surroundings: dict) -> str:
    """Return the text of a record file: one line for each key of each part, and the seal as the last."""
    values = {"schema_version": SCHEMA_VERSION, "id": content_id(run), "run": run, "surroundings": surroundings}
    lines = ["{\n"]
    for key, value in values.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {_json(name)}: {_json(value[name])}" for name in sorted(value))
            lines.append(f" {_json(key)}: {{\n{inner}\n }},\n")
        else:
            lines.append(f" {_json(key)}: {_json(value)},\n")
    text = "".join(lines)
    return f'{text} "seal": "{hashlib.sha256(text.encode()).hexdigest()}"\n}}\n'


def _json(value: Any) -> str:
    return canonical(value).decode()


def record_name(artifact: str) -> str:
    """Return the name of an artifact's record."""
    return artifact + SUFFIX


def read_record(project: Project, artifact: str) -> Record | Damage | None:
    """Return an artifact's record, what is wrong with it, or None where there is none. Raises nothing."""
    try:
        raw = project.read(record_name(artifact), LARGEST_RECORD)
    except FileProblem as problem:
        if problem.kind in ("missing", "outside"):
            return None
        state = "unverifiable" if problem.kind == "unreadable" else "tampered"
        return Damage(state, f"its record {problem}")
    return parse_record(raw, artifact)


def parse_record(raw: bytes, artifact: str) -> Record | Damage:
    """Check the text of a record against the schema, its seal and the artifact that it should describe."""
    try:
        record = Record.model_validate_json(raw)
    except ValidationError as error:
        return _malformed(raw, error)
    text, _, seal = raw.rpartition(b' "seal": "')
    if seal != hashlib.sha256(text).hexdigest().encode() + b'"\n}\n':
        return Damage("tampered", "its record was edited: the seal does not fit the text")
    if record.run.artifact != artifact:
        return Damage("tampered", f"its record belongs to {record.run.artifact[:200]}")
    if record.run.output() is None:
        return Damage("tampered", "its record does not list it among the outputs")
    return record


def _malformed(raw: bytes, error: ValidationError) -> Damage:
    try:
        version = from_json(raw).get("schema_version")
    except (ValueError, AttributeError):
        version = None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        return Damage("unverifiable", f"its record has schema_version {version}, this prefclip knows {SCHEMA_VERSION}")
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])[:120]
    return Damage("tampered", f"its record is malformed at {where or 'the top'} ({first['msg'][:120]})")
