"""States of an artifact, what to do about each, and the exit code of an audit."""

from collections.abc import Iterable
from dataclasses import dataclass, field

REPORT_VERSION = 1
# Worst first: exit code and meaning of each state.
STATES = {
    "tampered": (1, "bytes or record differ from what was written"),
    "missing": (1, "a record speaks of a file that is not there"),
    "stale": (3, "code, parameters, packages or something upstream moved since"),
    "orphaned": (3, "sound, but today's configuration does not ask for it"),
    "unverifiable": (4, "cannot be checked here"),
    "untracked-input": (4, "made from a file that neither git nor a record knows"),
    "unrecorded": (4, "a result without a record"),
    "incomparable": (4, "made from changes that no commit holds"),
    "ok": (0, "bytes, code, parameters, packages and inputs are what its record says"),
}
SEVERITY = tuple(STATES)
EXIT_CODES = {state: code for state, (code, _) in STATES.items()}
CODE_ORDER = (2, 1, 3, 4, 0)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with an artifact, and what to run about it."""

    artifact: str
    state: str
    reason: str
    remedy: str


@dataclass
class AuditReport:
    """The state of every audited artifact."""

    artifacts: list[str]
    findings: list[Finding] = field(default_factory=list)

    def states(self) -> dict[str, str]:
        """Return the worst state of every artifact, and of everything else that a finding names."""
        states = dict.fromkeys(self.artifacts, "ok")
        for finding in self.findings:
            states[finding.artifact] = worst_state([states.get(finding.artifact, "ok"), finding.state])
        return states

    def exit_code(self) -> int:
        """Return the exit code: 0 ok, 1 tampered or missing, 3 stale, 4 cannot be vouched for."""
        return worst_code(EXIT_CODES[finding.state] for finding in self.findings)

    def as_json(self) -> dict:
        """Return the machine-readable report."""
        states = self.states()
        by_artifact: dict[str, list[dict]] = {name: [] for name in states}
        for finding in self.findings:
            entry = {"state": finding.state, "reason": printable(finding.reason), "remedy": printable(finding.remedy)}
            by_artifact[finding.artifact].append(entry)
        return {
            "schema_version": REPORT_VERSION,
            "exit_code": self.exit_code(),
            "counts": {state: count for state in SEVERITY if (count := list(states.values()).count(state))},
            "artifacts": [
                {"path": printable(name), "state": state, "findings": by_artifact[name]}
                for name, state in sorted(states.items())
            ],
        }

    def as_text(self) -> str:
        """Return the report for people: what is wrong, what to run, and a last line that counts."""
        states, lines = self.states(), []
        ordered = sorted(self.findings, key=lambda one: (SEVERITY.index(states[one.artifact]), one.artifact))
        previous = None
        for finding in ordered:
            if finding.artifact != previous:
                lines.append(f"{states[finding.artifact].upper():16}{finding.artifact}")
            lines += [f"{'':16}{finding.state}: {finding.reason}", f"{'':16}→ {finding.remedy}"]
            previous = finding.artifact
        counts = [f"{count} {state}" for state in reversed(SEVERITY) if (count := list(states.values()).count(state))]
        lines.append(f"{len(states)} artifacts: {', '.join(counts) or 'nothing to verify'}")
        return "\n".join(printable(line) for line in lines)


def worst_state(states: Iterable[str]) -> str:
    """Return the most severe of some states."""
    return min(states, key=SEVERITY.index, default="ok")


def worst_code(codes: Iterable[int]) -> int:
    """Return the exit code that wins: 2 > 1 > 3 > 4 > 0."""
    return min(codes, key=CODE_ORDER.index, default=0)


def printable(text: str) -> str:
    """Escape control characters and broken Unicode, which hostile names may hold."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
