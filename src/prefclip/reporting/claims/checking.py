"""Stored verdicts against what the cells beside them say by the rules of the ledger."""

from pathlib import Path

from prefclip.reporting.claims.judging import ClaimsError, Verdicts, claims_of, judge, read_verdicts, scale_of
from prefclip.reporting.claims.ledger import shipped_ledger
from prefclip.run.files import RunFiles
from prefclip.table import read_table


def check_claims(folder: str | Path) -> tuple[Verdicts, list[str]]:
    """Judge a run's, or published, tables again; return the verdicts and what contradicts the stored ones.

    Raises ClaimsError where none are stored, TableFileError for a damaged table, ConfigError for a folder of no run.
    """
    files = RunFiles(str(folder))
    scale = scale_of(files.read_config())
    found, stored = [], {}
    for ablations in (False, True):
        path = Path(files.verdicts(ablations))
        if ablations and not path.is_file():
            continue
        claims = claims_of(shipped_ledger(), ablations)
        names = dict.fromkeys(name for claim in claims for name in claim.tables)
        paths = {name: Path(files.table(name, "json")) for name in names}
        tables = {name: read_table(path) for name, path in paths.items() if path.is_file()}
        found += judge(claims, tables, scale).judged
        stored |= {
            (judged.claim.id, each.case): each for judged in read_verdicts(path).judged for each in judged.verdicts
        }
    if not found:
        raise ClaimsError(f"{folder}: has no verdicts; `prefclip judge-claims` makes them.")
    order = [claim.id for claim in shipped_ledger().claims]
    found.sort(key=lambda judged: order.index(judged.claim.id))
    contradictions = []
    for judged in found:
        for each in judged.verdicts:
            name = " ".join(filter(None, (judged.claim.id, each.case)))
            told = stored.pop((judged.claim.id, each.case), None)
            if told is None:
                contradictions.append(f"{name}: no verdict is stored, by its cells it is {each.verdict}.")
            elif told.verdict != each.verdict:
                contradictions.append(f"{name}: stored as {told.verdict}, by its cells and rule it is {each.verdict}.")
            elif told.cells != each.cells:
                contradictions.append(f"{name}: its stored numbers are not those of the tables.")
    contradictions += [
        f"{' '.join(filter(None, name))}: a verdict is stored, the ledger has no such claim." for name in stored
    ]
    return Verdicts(scale=scale, judged=found), contradictions
