"""What a check found, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What one check looked at and found; ``wrong`` stops a run, a ``warning`` may, and both say what to do."""

    check: str
    state: State
    what: str
    remedy: str = ""

    def lines(self) -> list[str]:
        first = f"{self.state:<8}{self.check}: {self.what}"
        return [first, f"{'':<8}→ {self.remedy}"] if self.remedy else [first]


def ok(check: str, what: str) -> Finding:
    return Finding(check, "ok", what)


def warning(check: str, what: str, remedy: str) -> Finding:
    return Finding(check, "warning", what, remedy)


def wrong(check: str, what: str, remedy: str) -> Finding:
    return Finding(check, "wrong", what, remedy)


def verdict(findings: Iterable[Finding]) -> str:
    states = [finding.state for finding in findings]
    counts = {state: states.count(state) for state in ("wrong", "warning")}
    if not any(counts.values()):
        return f"all {len(states)} checks passed"
    return f"{counts['wrong']} wrong, {counts['warning']} to look at, of {len(states)} checks"
