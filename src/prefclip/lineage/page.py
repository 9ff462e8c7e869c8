"""The lineage of a run as one page: the drawing of its stages, then every file with its hash, state and origin.

The page is HTML, CSS and SVG only: it loads nothing and runs nothing, so it opens from a disk or inside an archive.
"""

from collections import Counter
from pathlib import Path

from prefclip.files import write_text
from prefclip.lineage.activities import Activities, Activity, activities
from prefclip.lineage.findings import SEVERITY, STATES, AuditReport, Finding
from prefclip.lineage.graph_drawing import RAW, anchor, count_of, draw, safe, stage_graph
from prefclip.lineage.index import LINEAGE_PAGE
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import FileEntry
from prefclip.lineage.verify import verify

STYLE = """
:root { --ink: #1d2433; --soft: #5b6577; --paper: #fff; --line: #d5dae3; --fill: #f4f6fa; --raw: #fdf6e3;
  --edge: #9aa6ba }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #a0a9ba; --paper: #14181f; --line: #343c4a;
  --fill: #1e2430; --raw: #2b2718; --edge: #56617a } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1440px;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem }
p.lead, .soft { color: var(--soft) } a { color: inherit }
.drawing { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; padding: 8px }
svg { max-width: 100%; height: auto; display: block; margin: auto }
svg text { font: 11.5px system-ui, sans-serif; fill: var(--soft) }
svg text.title { font-weight: 600; font-size: 13px; fill: var(--ink) }
svg rect { stroke: var(--line) } svg rect.stage { fill: var(--fill) } svg rect.raw { fill: var(--raw) }
svg path.edge { fill: none; stroke: var(--edge); stroke-width: 1.3; stroke-linejoin: round }
svg path.edge:hover { stroke: var(--ink); stroke-width: 2.4 }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; table-layout: fixed }
th:nth-child(1) { width: 46% } th:nth-child(2), th:nth-child(3) { width: 12% }
td, th { text-align: left; vertical-align: top; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line) }
code { font: 12.5px ui-monospace, monospace; overflow-wrap: anywhere }
tr:target { background: var(--fill) }
.state { white-space: nowrap } .state::before { content: "●"; margin-right: 5px }
.ok { --state: #1a7f4b } .tampered, .missing { --state: #c62828 } .stale, .orphaned { --state: #a35f00 }
.unverifiable, .untracked-input, .unrecorded, .incomparable { --state: #7a5bb5 }
@media (prefers-color-scheme: dark) { .ok { --state: #4cc79a } .tampered, .missing { --state: #ff8a80 }
  .stale, .orphaned { --state: #ffb454 }
  .unverifiable, .untracked-input, .unrecorded, .incomparable { --state: #b9a3f0 } }
.ok, .tampered, .missing, .stale, .orphaned, .unverifiable, .untracked-input, .unrecorded, .incomparable {
  color: var(--state); fill: var(--state) }
@media (max-width: 640px) { table, tbody, tr, td { display: block; width: auto } th { display: none }
  td { border: 0; padding: 1px 0 } tr { border-bottom: 1px solid var(--line); padding: 6px 0 } svg { max-width: none } }
"""


def write_page(project: Project, run: str | Path, output: str | Path | None = None) -> Path:
    """Write a run's page, by default to ``<run>/report/lineage.html``. Raises LineageError without usable records."""
    folder = Path(run) if Path(run).is_dir() else project.root / run
    if not folder.is_dir():
        raise LineageError(f"{run}: no such folder; name the folder of a run, results/<experiment>.")
    collected = activities(project, [folder], skip_damaged=True)
    report = verify(project, [folder])
    path = Path(output) if output is not None else folder / "report" / LINEAGE_PAGE
    write_text(path, page(project.name(folder), collected, report))
    return path


def page(title: str, collected: Activities, report: AuditReport) -> str:
    states = report.states()
    findings: dict[str, list[Finding]] = {}
    for finding in report.findings:
        findings.setdefault(finding.artifact, []).append(finding)
    counts = Counter(states.values())
    summary = " ".join(
        f'<span class="state {state}" title="{STATES[state][1]}">{counts[state]} {state}</span>'
        for state in SEVERITY
        if counts[state]
    )
    described = {*collected.made(), *collected.raw}
    others = [name for name in findings if name not in described]
    sections = []
    if collected.raw:
        rows = [_row(name, entry, states, findings, "raw") for name, entry in sorted(collected.raw.items())]
        sections.append(_section(RAW, "what the run started from", rows))
    sections += [_stage_section(stage, collected, states, findings) for stage in collected.stages()]
    if others:
        rows = [_row(name, None, states, findings, "") for name in others]
        sections.append(_section("other findings", "files without a usable record", rows))
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Lineage of {safe(title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>Lineage of {safe(title)}</h1>",
            '<p class="lead">Every file of the run, the stage that made it, and what it was made of.'
            " Hashes were computed again when this page was written.</p>",
            f"<p>{summary}</p>",
            f'<div class="drawing">{draw(*stage_graph(collected, states))}</div>',
            *sections,
            "</body></html>\n",
        ]
    )


def _stage_section(stage: str, collected: Activities, states: dict, findings: dict) -> str:
    runs = [activity for activity in collected.all if activity.run.stage == stage]
    files = list(dict.fromkeys(name for activity in runs for name in activity.run.code.files))
    commits = {
        activity.around.git.commit[:12] for activity in runs if activity.around.git and activity.around.git.commit
    }
    packages = ", ".join(f"{name} {version}" for name, version in runs[0].run.packages.items())
    about = [count_of(len(files), "source file"), packages, *(f"commit {commit}" for commit in sorted(commits))]
    rows = [
        _row(name, entry, states, findings, _origin(activity))
        for activity in runs
        for name, entry in activity.outputs.items()
    ]
    return _section(stage, " · ".join(part for part in about if part), rows)


def _section(title: str, about: str, rows: list[str]) -> str:
    head = "<tr><th>file</th><th>state</th><th>sha256</th><th>made of</th></tr>"
    return (
        f'<h2 id="{anchor(title)}">{safe(title)}</h2><p class="soft">{safe(about)}</p>'
        f"<table>{head}{''.join(rows)}</table>"
    )


def _row(name: str, entry: FileEntry | None, states: dict, findings: dict, origin: str) -> str:
    state = states.get(name, "ok")
    reasons = "".join(
        f'<br><span class="{finding.state}">{safe(finding.reason)}</span> <code>{safe(finding.remedy)}</code>'
        for finding in findings.get(name, [])
    )
    hashed = f'<code title="{entry.sha256}">{entry.sha256[:12]}</code>' if entry else ""
    size = f'<br><span class="soft">{entry.size:,} bytes</span>' if entry else ""
    return (
        f'<tr id="{anchor(name)}"><td><code>{safe(name)}</code>{reasons}</td>'
        f'<td><span class="state {state}">{state}</span></td><td>{hashed}{size}</td><td>{origin}</td></tr>'
    )


def _origin(activity: Activity) -> str:
    links = [f'<a href="#{anchor(entry.path)}">{safe(Path(entry.path).name)}</a>' for entry in activity.run.inputs]
    shown = ", ".join(links[:12]) + (f" and {len(links) - 12} more" if len(links) > 12 else "")
    return f'{shown or "nothing"}<br><span class="soft">{safe(activity.title())}</span>'
