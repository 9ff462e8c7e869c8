"""Verdicts: what the cells of a run's tables say to each claim, by the rule that the ledger holds."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from prefclip.config import Config
from prefclip.errors import PrefclipError, did_you_mean
from prefclip.files import write_text
from prefclip.reporting.claims.ledger import Claim, Ledger
from prefclip.reporting.claims.rules import RuleError, holds
from prefclip.reporting.tables import leaf
from prefclip.run.plan import clip_is_comparable
from prefclip.table import VALUE, Number, Table

VERIFIED, FALSIFIED, INCONCLUSIVE, NOT_RUN, DIFFERS = (
    "verified",
    "falsified",
    "inconclusive",
    "not run",
    "the code differs",
)
SWEPT = "ablations"  # the group of the tables of the sweeps
VERDICTS = (VERIFIED, FALSIFIED, INCONCLUSIVE, NOT_RUN, DIFFERS)


class ClaimsError(PrefclipError):
    """Stored verdicts are missing or damaged, or the ledger and a table do not fit together."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class JudgedCell(_Part):
    """A number that decided: as its table shows it, a share in percent (``points`` for a difference of shares).

    ``place``: the cell as `prefclip audit trace --cell` takes it.
    """

    name: str
    table: str
    place: str
    value: float
    low: float | None
    high: float | None
    unit: str
    n: int | None
    seeds: int | None

    def shown(self, interval: bool = True) -> str:
        """Return the number as people read it: ``0.002 (0.001 to 0.004) nats``."""
        digits = 1 if self.unit in ("%", "points") else 3
        ends = f" ({self.low:.{digits}f} to {self.high:.{digits}f})" if interval and self.low is not None else ""
        unit = f" {self.unit}" * (self.unit in ("%", "points", "nats"))
        return f"{self.value:.{digits}f}{ends}{unit}".replace("-", "−")


class Judged(_Part):
    """The verdict on one case of a claim, the rule that it follows from and the numbers it was applied to."""

    case: str
    verdict: Literal[VERDICTS]
    reason: str
    cells: list[JudgedCell]


class JudgedClaim(_Part):
    """A claim of the ledger with its verdicts, one for each case."""

    claim: Claim
    verdicts: list[Judged]


class Verdicts(_Part):
    """All that was judged from one run; ``scale``: of the run, as `scale_of` says."""

    schema_version: Literal[1] = 1
    scale: Literal["rehearsal", "toy", "partial", "full"]
    judged: list[JudgedClaim]


def name_of(claim: str, case: str) -> str:
    """What one verdict is called: the claim's id, and the case if it has one by name."""
    return f"{claim} {case}".rstrip()


def scale_of(config: Config) -> str:
    """Return the scale of a run: toy on the embedded world, full where published numbers apply, else partial.

    Of a rehearsal verdicts say nothing.
    """
    if config.is_rehearsal:
        return "rehearsal"
    return "toy" if config.data.source == "embedded" else "full" if clip_is_comparable(config) else "partial"


def judge(claims: list[Claim], tables: Mapping[str, Table], scale: str) -> Verdicts:
    """Judge every case of ``claims`` by ``tables``, by name; one whose table or number is not there was not run.

    Raises ClaimsError where a rule and a cell do not fit together, or a cell names a key that its table does not have.
    """
    judged = [
        JudgedClaim(claim=claim, verdicts=[_judged(claim, case, tables) for case in claim.cases or ("",)])
        for claim in claims
    ]
    return Verdicts(scale=scale, judged=judged)


def _judged(claim: Claim, case: str, tables: Mapping[str, Table]) -> Judged:
    found: dict[str, tuple[JudgedCell, dict]] = {}
    for name, keys in claim.cells_of(case).items():
        (table,) = keys.pop("table")
        try:
            number = _number(tables[table], keys) if table in tables else f"the run has no table {table}"
        except ClaimsError as error:
            raise ClaimsError(f"claim {claim.id}, cell {name}: {error}") from error
        if isinstance(number, str):
            return Judged(case=case, verdict=NOT_RUN if claim.verified else DIFFERS, reason=number, cells=[])
        found[name] = _cell(name, table, number)
    cells = [cell for cell, _ in found.values()]
    if not claim.verified:
        return Judged(case=case, verdict=DIFFERS, reason=claim.differs, cells=cells)
    values = {name: facts for name, (_, facts) in found.items()}
    try:
        met = [verdict for verdict in (VERIFIED, FALSIFIED) if holds(getattr(claim, verdict), values)]
    except RuleError as error:
        raise ClaimsError(f"claim {claim.id}: {error}") from error
    if len(met) > 1:
        raise ClaimsError(f"claim {claim.id}, {case or 'its only case'}: both of its rules hold; correct one of them.")
    verdict = met[0] if met else INCONCLUSIVE
    rule = f"{verdict} if {getattr(claim, verdict)}" if met else f"neither {claim.verified} nor {claim.falsified}"
    return Judged(case=case, verdict=verdict, reason=rule, cells=cells)


def _number(table: Table, keys: dict[str, list[str]]) -> Number | str:
    """The number that has these keys, of several values the first that there is; or why it is none, or several.

    Raises ClaimsError for a key that no number of the table has.
    """
    left = [number for number in table.numbers if number.value is not None]
    keys = {"role": [VALUE], **keys}
    allowed = list(dict.fromkeys(["role", *(key for number in table.numbers for key in number.keys)]))
    for key, values in keys.items():
        if table.numbers and key not in allowed:
            hint = did_you_mean(key, allowed)
            raise ClaimsError(
                f"the table {table.name} has no key {key!r}; {hint}{' ' * bool(hint)}allowed: {', '.join(allowed)}."
            )
        there = {_has(number, key) for number in left} - {None, ""}
        left = [number for number in left if _has(number, key) in values]
        if not left:
            near = ", ".join(difflib.get_close_matches(values[0], sorted(there), n=5, cutoff=0)) or "no such key there"
            return f"the run has no {key} {' or '.join(values)} in its table {table.name}, but {near}"

    def rank(number: Number) -> list[int]:
        return [values.index(_has(number, key)) for key, values in keys.items()]

    best = min(map(rank, left))
    first, *others = found = [number for number in left if rank(number) == best]
    if not others:
        return first
    pairs = ((key, value, _has(others[0], key)) for key, value in first.keys.items())
    differ = ", ".join(f"{key} {one} and {other}" for key, one, other in pairs if one != other)
    return f"its cell means {len(found)} numbers of the table {table.name}, such as of {differ}"


def _has(number: Number, key: str) -> str | None:
    return number.role if key == "role" else number.keys.get(key)


def _cell(name: str, table: str, number: Number) -> tuple[JudgedCell, dict]:
    """The cell as it is stored, and all that a rule may ask of it."""
    value, low, high = (
        None if each is None else round(number.scale * each, 6) for each in (number.value, number.low, number.high)
    )
    measured = {"value": value, "low": low, "high": high, "n": number.n, "seeds": number.seeds}
    place = f"{number.row},{number.column}"
    cell = JudgedCell(name=name, table=table, place=place, unit=number.shown_unit, **measured)
    return cell, {**number.facts, **measured}


def claims_of(ledger: Ledger, ablations: bool) -> list[Claim]:
    """Return the claims that the main tables decide, or those that need the sweeps.

    Raises UnknownTableError for a claim that names a table there is none of.
    """
    return [claim for claim in ledger.claims if ablations == any(leaf(one).GROUP == SWEPT for one in claim.tables)]


def write_verdicts(verdicts: Verdicts, path: str | Path) -> None:
    """Store verdicts as JSON."""
    write_text(path, verdicts.model_dump_json(indent=1) + "\n")


def read_verdicts(path: str | Path) -> Verdicts:
    """Read the stored verdicts of a run. Raises ClaimsError naming a file that is missing or damaged."""
    command = judge_command(path)
    try:
        return Verdicts.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        raise ClaimsError(f"{path}: no verdicts ({error.strerror}); `{command}` makes them.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ClaimsError(
            f"{path}: not whole verdicts, at {'.'.join(map(str, first['loc']))[:120]} ({first['msg'][:160]}); "
            f"make them again with `{command}`."
        ) from error


def judge_command(path: str | Path) -> str:
    """Return the command that stores the verdicts ``<run>/claims/<which>.json``."""
    return f"prefclip judge-claims {Path(path).parent.parent}" + " --ablations" * (Path(path).stem == SWEPT)
