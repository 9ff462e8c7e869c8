"""Stored verdicts against what the cells beside them say by the rules of the ledger."""

from pathlib import Path

from prefclip.reporting.claims.judging import Verdicts, claims_of, judge, name_of, read_verdicts, scale_of
from prefclip.reporting.claims.ledger import shipped_ledger, tables_of
from prefclip.run.files import RunFiles
from prefclip.table import read_table


def check_claims(folder: str | Path) -> tuple[Verdicts, list[str]]:
    """Judge a run's, or published, tables again; return the verdicts and what contradicts the stored ones.

    Raises ClaimsError where none are stored, TableFileError for a damaged table, ConfigError for a folder of no run.
    """
    files = RunFiles(str(folder))
    scale = scale_of(files.read_config())
    ledger, found, stored = shipped_ledger(), [], {}
    for ablations in (False, True):
        path = Path(files.verdicts(ablations))
        if ablations and not path.is_file():
            continue
        claims = claims_of(ledger, ablations)
        paths = {name: Path(files.table(name, "json")) for name in tables_of(claims)}
        tables = {name: read_table(path) for name, path in paths.items() if path.is_file()}
        found += judge(claims, tables, scale).judged
        stored |= {
            (judged.claim.id, each.case): each for judged in read_verdicts(path).judged for each in judged.verdicts
        }
    order = [claim.id for claim in ledger.claims]
    found.sort(key=lambda judged: order.index(judged.claim.id))
    contradictions = []
    for judged in found:
        for each in judged.verdicts:
            name = name_of(judged.claim.id, each.case)
            told = stored.pop((judged.claim.id, each.case), None)
            if told is None:
                contradictions.append(f"{name}: no verdict is stored, by its cells it is {each.verdict}.")
            elif told.verdict != each.verdict:
                contradictions.append(f"{name}: stored as {told.verdict}, by its cells and rule it is {each.verdict}.")
            elif told.cells != each.cells:
                contradictions.append(f"{name}: its stored numbers are not those of the tables.")
    contradictions += [f"{name_of(*each)}: a verdict is stored, the ledger has no such claim." for each in stored]
    return Verdicts(scale=scale, judged=found), contradictions
