"""Verdicts as text: an outcome in one sentence, a line for each, all that is known of one, and README's table."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from prefclip.errors import did_you_mean
from prefclip.reporting.claims.judging import (
    DIFFERS,
    FALSIFIED,
    INCONCLUSIVE,
    NOT_RUN,
    VERIFIED,
    ClaimsError,
    Judged,
    JudgedCell,
    JudgedClaim,
    Verdicts,
    claims_of,
    name_of,
)
from prefclip.reporting.claims.ledger import Claim, Experiment, shipped_ledger
from prefclip.reporting.claims.rules import asked
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.run.files import RunFiles, files_of

SYMBOLS = MappingProxyType({VERIFIED: "✓", FALSIFIED: "✗", INCONCLUSIVE: "?", NOT_RUN: "–", DIFFERS: "≠"})
DEFAULT_RUN = "results/embedded"  # what Snakemake makes without being told a configuration
# What the reader is told first.
_WORST = (FALSIFIED, INCONCLUSIVE, VERIFIED, NOT_RUN, DIFFERS)
_CASES = MappingProxyType({"seen_concepts": "concepts trained on", "held_out_concepts": "held-out concepts"})
# How the names of cells are written out.
_WORDS = MappingProxyType(
    {
        r"\bkl\b": "KL",
        r"\bbeta\b": "β",
        r"\bcross entropy\b": "cross-entropy",
        r"\bt minus (\d)": r"t = −\1",
        r"\bt (\d)": r"t = \1",
        r"\bat most\b": "at the largest λ",
    }
)
FEW = 4  # cells of one case; beside more of them a line has no room for intervals


def shown_claims(
    verdicts: Verdicts, folder: str, claim: str | None = None, as_json: bool = False, as_markdown: bool = False
) -> Iterator[str]:
    """Yield what `prefclip claims` prints: of all claims, or all of one, from the run or the publication in ``folder``.

    Raises ClaimsError for an unknown claim, one without verdicts, and for two forms at once.
    """
    known = {judged.claim.id: judged for judged in verdicts.judged}
    if as_json and as_markdown:
        raise ClaimsError("--json and --markdown: name one of them.")
    if claim in {each.id for each in shipped_ledger().claims} - set(known):
        needed = f"snakemake --cores 2 ablations{_configured(files_of(RunFiles(folder).read_config()).root)}"
        raise ClaimsError(f"{claim}: {folder} has no verdict on it, which needs the ablations: `{needed}`.")
    if claim is not None and claim not in known:
        hint = did_you_mean(claim, known)
        raise ClaimsError(f"no claim is called {claim!r}; {hint}{' ' * bool(hint)}allowed: {', '.join(known)}.")
    chosen = verdicts if claim is None else verdicts.model_copy(update={"judged": [known[claim]]})
    if as_json:
        yield json.dumps(chosen.model_dump(mode="json"), indent=2, ensure_ascii=False)
    elif as_markdown:
        yield from (markdown(chosen), markdown_of_commands(chosen, folder).rstrip())
    elif claim is not None:
        experiments = shipped_ledger().experiments
        yield from whole(known[claim], experiments.get(known[claim].claim.experiment), verdicts.scale, folder)
    else:
        yield from (outcome(verdicts), "", *lines(verdicts), "", "prefclip claims ID says all of one.")


def case_label(case: str) -> str:
    """A case in words: the label of a method or of a data set, or what else it is."""
    method, dataset = method_label(case), dataset_label(case)
    return _CASES.get(case) or (method if method != case else dataset if dataset != case else case.replace("_", " "))


def cell_text(cell: JudgedCell, interval: bool = True, named: bool = True) -> str:
    """A number with its interval, named for people: ``KL 0.002 (0.001 to 0.004) nats at small β``."""
    what, at, where = cell_name(cell.name).partition(" at ")
    return f"{what if named else ''} {cell.shown(interval)}{at}{where}".strip()


def cell_name(name: str) -> str:
    """The name of a cell in words and signs."""
    words = name.replace("_", " ")
    for pattern, sign in _WORDS.items():
        words = re.sub(pattern, sign, words)
    return words


def deciding(claim: Claim, each: Judged) -> str:
    """The numbers that the rules of a claim compare in one case, with intervals where the rules read their ends.

    What the number before is called is not said again.
    """
    read = {name: {*asked(claim.verified).get(name, []), *asked(claim.falsified).get(name, [])} for name in claim.cells}
    cells = [cell for cell in each.cells if read[cell.name]]
    names = ["", *(cell_name(cell.name).partition(" at ")[0] for cell in cells)]
    return ", ".join(
        cell_text(cell, len(cells) <= FEW and not read[cell.name] <= {"value"}, name != before)
        for cell, before, name in zip(cells, names, names[1:], strict=False)
    )


def outcome(verdicts: Verdicts) -> str:
    """Return how it ended in one sentence; of a part of the claims, also where the other verdicts are."""
    counts = Counter(each.verdict for judged in verdicts.judged for each in judged.verdicts)
    tried = sum(counts[each] for each in (VERIFIED, FALSIFIED, INCONCLUSIVE))
    told = {judged.claim.id for judged in verdicts.judged}
    others = [claim for claim in shipped_ledger().claims if claim.verified and claim.id not in told]
    elsewhere = sum(len(claim.cases or [""]) for claim in others)
    swept = any(claim in claims_of(shipped_ledger(), ablations=True) for claim in others)
    said = (
        f"Of {tried} verdicts {counts[FALSIFIED]} say that a claim does not hold here, {counts[INCONCLUSIVE]} leave it"
    )
    said += f" open and {counts[VERIFIED]} say that it holds"
    said += f"; {counts[NOT_RUN]} need{'s' * (counts[NOT_RUN] == 1)} another run" if counts[NOT_RUN] else ""
    if elsewhere:
        said += f"; {elsewhere} more " + ("need the ablations" if swept else "stand in the run's report")
    said = f"A rehearsal, of which no verdict says anything. {said}" if verdicts.scale == "rehearsal" else said
    points = sum(bool(judged.claim.differs) for judged in verdicts.judged)
    return said + (f"; at {points} point{'s' * (points != 1)} the released code does otherwise." if points else ".")


def worst_first(verdicts: Verdicts) -> list[JudgedClaim]:
    """Return the claims, those first that do not hold, then the open ones."""
    return sorted(verdicts.judged, key=lambda judged: min(_WORST.index(each.verdict) for each in judged.verdicts))


def rerun_command(judged: JudgedClaim, experiment: Experiment, run: str) -> str:
    """Return the command that makes what decides a claim, and nothing else, in the folder of a run.

    For a claim that the run cannot decide, it is that of the experiment which can.
    """
    if any(each.cells for each in judged.verdicts):
        tables = " ".join(f"{run}/tables/{table}.json" for table in judged.claim.tables)
        return f"snakemake --cores 2 {tables}{_configured(run)}"
    how = "--profile slurm" if experiment.gpu else "--cores 2"
    return f"snakemake {how} {experiment.target} --configfile {experiment.config}"


def trace_command(table: str, place: str, run: str) -> str:
    """Return the command that follows one cell back to raw data."""
    return f'prefclip audit trace {run}/tables/{table}.csv --cell "{place}"'


def lines(verdicts: Verdicts) -> Iterator[str]:
    """Yield a line for each verdict, with the numbers that decide."""
    for judged in worst_first(verdicts):
        for each in judged.verdicts:
            name = name_of(judged.claim.id, each.case)
            said = deciding(judged.claim, each) if each.cells and judged.claim.verified else each.reason
            yield f"{SYMBOLS[each.verdict]} {each.verdict:<16} {name:<34} {said}"


def whole(judged: JudgedClaim, experiment: Experiment | None, scale: str, folder: str) -> Iterator[str]:
    """Yield all that is known of one claim, and the commands that make it and trace it in ``folder``."""
    claim = judged.claim
    yield claim.says
    yield f"where: {', '.join(claim.stands)}"
    for word in ("printed", "released", "ours", "differs"):
        if text := getattr(claim, word):
            yield f"{word}: {text}"
    if claim.verified:
        yield f"verified if: {claim.verified}"
        yield f"falsified if: {claim.falsified}"
        yield f"because: {claim.because}"
    for each in judged.verdicts:
        yield ""
        named = " ".join(filter(None, (case_label(each.case), each.verdict)))
        yield f"{SYMBOLS[each.verdict]} {named} (scale: {scale})"
        yield from ("; ".join([f"  {cell_text(cell)}", *_counts(cell)]) for cell in each.cells)
        if not each.cells and each.verdict == NOT_RUN:
            yield f"  {each.reason}"
    if experiment is not None:
        yield ""
        yield f"make it again: {rerun_command(judged, experiment, files_of(RunFiles(folder).read_config()).root)}"
        gpu = f", {experiment.gpu}" if experiment.gpu else ""
        yield f"at most {experiment.minutes} minutes, {experiment.memory_gb} GB of memory{gpu}"
        for cell in dict.fromkeys((cell.table, cell.place) for each in judged.verdicts for cell in each.cells):
            yield trace_command(*cell, folder)
        if claim.figure and Path(figure := RunFiles(folder).figure(claim.figure, "png")).is_file():
            yield f"figure: {figure}"


def _counts(cell: JudgedCell) -> list[str]:
    """How many pictures and seeds are behind a number, where any are."""
    counts = {"n": cell.n, "seeds": cell.seeds}
    told = ", ".join(f"{name} = {count}" for name, count in counts.items() if count)
    return [told] if told else []


def _configured(run: str) -> str:
    return "" if run == DEFAULT_RUN else f" --configfile {run}/config.json"


def grouped(judged: JudgedClaim) -> dict[str, list[Judged]]:
    """The cases of a claim by verdict, the worst first."""
    found = {verdict: [each for each in judged.verdicts if each.verdict == verdict] for verdict in _WORST}
    return {verdict: cases for verdict, cases in found.items() if cases}


def markdown(verdicts: Verdicts) -> str:
    """Return the table that README shows: a claim, its verdicts, and the numbers that decide each case."""
    rows = ["| claim | verdict | what decides |", "|---|---|---|"]
    for judged in worst_first(verdicts):
        said = [
            f"{SYMBOLS[verdict]} {verdict}{_of([each.case for each in cases])}"
            for verdict, cases in grouped(judged).items()
        ]
        told = [_decided(judged, each) for each in judged.verdicts if each.cells or each.verdict == DIFFERS]
        told = told or ["needs the paper's model and data"]
        rows.append(f"| {judged.claim.says} | {'; '.join(said)} | {'; '.join(dict.fromkeys(told))} |")
    return "\n".join(rows) + "\n"


def markdown_of_commands(verdicts: Verdicts, folder: str | Path) -> str:
    """Return the table of docs/artifact-evaluation.md: what makes each claim's numbers, and what that takes."""
    rows = ["| claim | command | at most |", "|---|---|---|"]
    root = files_of(RunFiles(str(folder)).read_config()).root
    for judged in verdicts.judged:
        if judged.claim.experiment:
            experiment = shipped_ledger().experiments[judged.claim.experiment]
            command = rerun_command(judged, experiment, root)
            gpu = f", {experiment.gpu}" if experiment.gpu else ""
            takes = f"{experiment.minutes} min, {experiment.memory_gb} GB{gpu}"
            rows.append(f"| `{judged.claim.id}` | `{command}` | {takes} |")
    return "\n".join(rows) + "\n"


def _decided(judged: JudgedClaim, each: Judged) -> str:
    if each.verdict == DIFFERS:
        return judged.claim.differs
    return ": ".join(filter(None, (case_label(each.case), deciding(judged.claim, each))))


def _of(cases: list[str]) -> str:
    return f" ({', '.join(map(case_label, cases))})" if cases[0] else ""
