"""The lineage as one in-toto statement with SLSA provenance, plain or signed.

Its subjects are all artifacts and all records, by sha256: a signature over it makes both tamper-evident.
"""

from collections.abc import Iterable
from pathlib import Path

import prefclip
from prefclip.files import write_json, write_text
from prefclip.lineage.activities import Activities, activities
from prefclip.lineage.hashing import hash_files
from prefclip.lineage.index import SIGNED_STATEMENT, STATEMENT
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import canonical, content_id, record_name
from prefclip.lineage.signature import sign

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:prefclip:workflow-run:v1"


def export_intoto(
    project: Project, folder: str | Path, targets: Iterable[str | Path] = (), private_key: str | Path | None = None
) -> Path:
    """Write ``<folder>/statement.json``, or ``statement.dsse.json`` signed with ``private_key``, and return its path.

    Raises LineageError without usable records, for artifacts that are not theirs, and for a key that cannot sign.
    """
    collected = activities(project, targets)
    statement = _statement(project, collected)
    if private_key is None:
        path = Path(folder) / STATEMENT
        write_json(path, statement)
    else:
        path = Path(folder) / SIGNED_STATEMENT
        write_text(path, canonical(sign(canonical(statement), private_key)).decode() + "\n")
    return path


def _statement(project: Project, collected: Activities) -> dict:
    made = collected.made()
    records = hash_files(project.open, [record_name(name) for name in made])
    files = hash_files(project.open, made)
    for name, entry in made.items():
        if files[name].sha256 != entry.sha256:
            raise LineageError(f"{name}: is not what its record says; see `prefclip audit verify {name}`.")
    digests = {name: found.sha256 for name, found in (files | records).items()}
    times = [(activity.around.started, activity.around.finished) for activity in collected.all]
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digests[name]}} for name in sorted(digests)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "runs": [
                        {"stage": one.run.stage, "activity": one.id, "params": one.run.params, "seed": one.run.seed}
                        for one in collected.all
                    ]
                },
                "resolvedDependencies": _dependencies(collected),
            },
            "runDetails": {
                "builder": {"id": "urn:prefclip", "version": {"prefclip": prefclip.__version__}},
                "metadata": {
                    "invocationId": content_id(sorted(digests.items())),
                    "startedOn": min(started for started, _ in times),
                    "finishedOn": max(finished for _, finished in times),
                },
            },
        },
    }


def _dependencies(collected: Activities) -> list[dict]:
    files = {entry.path: entry.sha256 for entry in collected.raw.values()}
    commits = set()
    for activity in collected.all:
        files |= activity.run.code.files
        if activity.around.lock is not None:
            files[activity.around.lock.path] = activity.around.lock.sha256
        if activity.around.git is not None and activity.around.git.commit is not None:
            commits.add(activity.around.git.commit)
    named = [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(files.items())]
    return named + [{"name": "source", "digest": {"gitCommit": commit}} for commit in sorted(commits)]
