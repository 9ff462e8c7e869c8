"""Stored verdicts, and views of tables, against what the tables beside them say by the rules of the ledger."""

from collections.abc import Iterator
from pathlib import Path

from prefclip.reporting.claims.judging import (
    NOT_RUN,
    Verdicts,
    claims_of,
    judge,
    judge_command,
    name_of,
    read_verdicts,
    scale_of,
)
from prefclip.reporting.claims.ledger import Claim, shipped_ledger, tables_of
from prefclip.reporting.table_views import VIEWS
from prefclip.run.files import RunFiles
from prefclip.run.plan import ledger_file
from prefclip.table import REMEDY, Table, read_table


def check_claims(folder: str | Path) -> tuple[Verdicts, list[str]]:
    """Judge a run's, or published, tables again; return the verdicts and what contradicts the stored ones.

    Raises ClaimsError where none are stored, TableFileError for a damaged table, ConfigError for a folder of no run.
    """
    files = RunFiles(str(folder))
    scale = scale_of(files.read_config())
    ledger, found, stored, contradictions = shipped_ledger(), [], {}, []
    for ablations in (False, True):
        path = Path(files.verdicts(ablations))
        if ablations and not path.is_file():
            continue
        claims = claims_of(ledger, ablations)
        paths = {name: Path(files.table(name, "json")) for name in tables_of(claims)}
        tables = {name: read_table(path) for name, path in paths.items() if path.is_file()}
        found += judge(claims, tables, scale).judged
        told = read_verdicts(path)
        for judged in told.judged:
            for each in judged.verdicts:
                if stored.setdefault((judged.claim.id, each.case), each) is not each:
                    contradictions.append(f"{name_of(judged.claim.id, each.case)}: two verdicts are stored in {path}.")
        if told.scale != scale:
            contradictions.append(f"{path}: says that the run is {told.scale}, by its config.json it is {scale}.")
        contradictions += _other_claims([judged.claim for judged in told.judged], claims, path)
        contradictions += (fault for table in tables.values() for fault in _other_views(table, files))
    order = [claim.id for claim in ledger.claims]
    found.sort(key=lambda judged: order.index(judged.claim.id))
    for judged in found:
        for each in judged.verdicts:
            name = name_of(judged.claim.id, each.case)
            told = stored.pop((judged.claim.id, each.case), None)
            if told is None:
                contradictions.append(f"{name}: no verdict is stored, by its cells it is {each.verdict}.")
            elif told.verdict != each.verdict:
                why = f" ({each.reason})" if each.verdict == NOT_RUN else ""
                contradictions.append(
                    f"{name}: stored as {told.verdict}, by its cells and rule it is {each.verdict}{why}."
                )
            elif told.cells != each.cells:
                contradictions.append(f"{name}: its stored numbers are not those of the tables.")
            elif told.reason != each.reason:
                contradictions.append(f"{name}: its stored reason is not that of its rule.")
    contradictions += [f"{name_of(*each)}: a verdict is stored, the ledger has no such claim." for each in stored]
    return Verdicts(scale=scale, judged=found), contradictions


def _other_claims(stored: list[Claim], claims: list[Claim], path: Path) -> Iterator[str]:
    """Say which claims were judged as another ledger has them."""
    known = {claim.id: claim for claim in claims}
    for claim in stored:
        if claim.id in known and claim != known[claim.id]:
            other = [key for key in Claim.model_fields if getattr(claim, key) != getattr(known[claim.id], key)]
            yield (
                f"{claim.id}: judged as another ledger has it, {ledger_file()} differs in {', '.join(other)}; "
                f"`{judge_command(path)}` judges again."
            )


def _other_views(table: Table, files: RunFiles) -> Iterator[str]:
    """Say which views of a table are not those of its JSON; one that is not there shows nothing wrong."""
    for form, view in VIEWS.items():
        path = Path(files.table(table.name, form))
        if path.is_file() and path.read_bytes() != view(table).encode():
            yield f"{path}: is not what {path.with_suffix('.json').name} says; {REMEDY}."
