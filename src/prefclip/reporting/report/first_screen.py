"""The first screen: outcome, what was done at a glance, each verdict with its commands, and the experiments."""

from pathlib import Path
from typing import NamedTuple

from prefclip.reporting.claims.judging import DIFFERS, INCONCLUSIVE, NOT_RUN, Judged, JudgedClaim, read_verdicts
from prefclip.reporting.claims.ledger import Claim, Experiment, Scope, shipped_ledger
from prefclip.reporting.claims.views import (
    SYMBOLS,
    case_label,
    cell_text,
    grouped,
    outcome,
    rerun_command,
    trace_command,
    worst_first,
)
from prefclip.run.files import RunFiles


class Chip(NamedTuple):
    """A verdict as a word with its symbol, and the cases that it holds for."""

    symbol: str
    verdict: str
    cases: str

    @property
    def look(self) -> str:
        """Its class on the page."""
        return self.verdict.replace(" ", "-")


class ShownCase(NamedTuple):
    """One case; of each number: its text, images, seeds, table and the command that traces it."""

    label: str
    chip: Chip
    reason: str
    cells: list[tuple[str, int | None, int | None, str, str]]


class ShownClaim(NamedTuple):
    """A claim as the page shows it; ``rerun`` and ``experiment`` are empty for one about text and code alone."""

    claim: Claim
    chips: list[Chip]
    cases: list[ShownCase]
    rerun: str
    experiment: Experiment | None


class FirstScreen(NamedTuple):
    """What the page opens with."""

    outcome: str
    scale: str
    glance: list[Scope]
    claims: list[ShownClaim]
    experiments: dict[str, Experiment]


def read_first_screen(layout: RunFiles, run: str, ablations: bool) -> FirstScreen | None:
    """Read the verdicts of a run; None where it has none. ``run`` is the folder that commands name.

    Raises ClaimsError or LedgerError naming a damaged file.
    """
    path = Path(layout.verdicts(ablations))
    if not path.is_file():
        return None
    verdicts, ledger = read_verdicts(path), shipped_ledger()
    claims = [_shown(judged, ledger.experiments.get(judged.claim.experiment), run) for judged in worst_first(verdicts)]
    return FirstScreen(outcome(verdicts), verdicts.scale, ledger.glance, claims, ledger.experiments)


def _shown(judged: JudgedClaim, experiment: Experiment | None, run: str) -> ShownClaim:
    chips = [
        Chip(SYMBOLS[verdict], verdict, ", ".join(case_label(each.case) for each in cases if each.case))
        for verdict, cases in grouped(judged).items()
    ]
    rerun = rerun_command(judged, experiment, run) if experiment else ""
    return ShownClaim(judged.claim, chips, [_case(each, run) for each in judged.verdicts], rerun, experiment)


def _case(each: Judged, run: str) -> ShownCase:
    cells = [
        (cell_text(cell), cell.n, cell.seeds, cell.table, trace_command(cell.table, cell.place, run))
        for cell in each.cells
    ]
    reason = each.reason if each.verdict in (NOT_RUN, INCONCLUSIVE) else ""
    label = case_label(each.case) if each.case else ""
    return ShownCase(
        label, Chip(SYMBOLS[each.verdict], each.verdict, ""), "" if each.verdict == DIFFERS else reason, cells
    )
