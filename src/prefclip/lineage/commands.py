"""``prefclip audit``: trace, verify, diff, export and report.

Exit codes: 0 everything is as recorded, 1 tampered or missing, 2 a usage error, 3 stale, 4 cannot be vouched for.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from prefclip.errors import PrefclipError
from prefclip.lineage.project import RESULTS, LineageError, Project

USAGE_ERROR, UNVERIFIABLE = 2, 4
EXPORTS = ("rocrate", "prov", "intoto")

audit_app = typer.Typer(
    help="Follow, check, compare and export the lineage records of a run.", no_args_is_help=True, add_completion=False
)
Root = Annotated[Path | None, typer.Option("--root", help="repository to audit, instead of the one around this folder")]
Targets = Annotated[list[Path] | None, typer.Argument(help="artifacts or folders; all runs if none is given")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@audit_app.command("trace")
def trace_target(
    target: Annotated[Path, typer.Argument(help="an artifact below results/, or a copied figure")],
    cell: Annotated[str | None, typer.Option(help="one cell of a table, ROW,COLUMN")] = None,
    form: Annotated[str, typer.Option("--format", help="tree, json, dot or mermaid")] = "tree",
    root: Root = None,
) -> None:
    """Follow a table, one of its cells, a figure or any artifact back to raw data; exit code 4 if the way is lost."""
    from prefclip.lineage.trace import trace
    from prefclip.lineage.trace_formats import FORMATS

    with _usage_errors():
        if form not in FORMATS:
            raise LineageError(f"--format {form}: unknown; allowed: {', '.join(FORMATS)}.")
        found = trace(_project(root), target, cell)
    _print(FORMATS[form](found))
    raise typer.Exit(0 if found.complete() else UNVERIFIABLE)


@audit_app.command("verify")
def verify_targets(
    targets: Targets = None,
    as_json: Json = False,
    signature: Annotated[Path | None, typer.Option(help="public key (PEM, ed25519) of the signed statement")] = None,
    statement: Annotated[
        Path | None, typer.Option(help="the signed statement, instead of results/statement.dsse.json")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="compare parameters with this configuration")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="hashing threads; all cores unless given")] = None,
    root: Root = None,
) -> None:
    """Hash artifacts again, with everything upstream of them, and say of each whether its record still holds."""
    from prefclip.lineage.verify import verify

    with _usage_errors():
        project = _project(root)
        report = verify(project, targets or (), config, threads)
        if signature is not None:
            from prefclip.lineage.signature import check_statement

            report.findings += check_statement(project, signature, statement, report.artifacts if targets else None)
        elif statement is not None:
            raise LineageError("--statement: also needs --signature KEY, the public key to check it with.")
    _print(report.as_json() if as_json else report.as_text())
    raise typer.Exit(report.exit_code())


@audit_app.command("diff")
def diff_targets(
    first: Annotated[Path, typer.Argument(help="the folder of a run, or an artifact")],
    second: Annotated[Path, typer.Argument(help="another one")],
    as_json: Json = False,
    root: Root = None,
) -> None:
    """Say which settings, code, packages, inputs and seeds two runs differ in, and how much follows.

    Prints nothing for equal runs. Exit code 0 also where they differ; 1 or 4 where a file is not what its record says.
    """
    from prefclip.lineage.diff import diff

    with _usage_errors():
        found = diff(_project(root), first, second)
    if as_json or not found.equal:
        _print(found.as_json() if as_json else found.as_text())
    raise typer.Exit(found.exit_code())


@audit_app.command("export")
def export_records(
    form: Annotated[str, typer.Option("--format", help="rocrate, prov or intoto")],
    output: Annotated[Path, typer.Option("--output", "-o", help="folder to write to")],
    targets: Targets = None,
    sign: Annotated[Path | None, typer.Option(help="intoto: private key (PEM, ed25519) to sign with")] = None,
    root: Root = None,
) -> None:
    """Write the records as a Workflow Run RO-Crate, as W3C PROV-JSON or as an in-toto statement."""
    with _usage_errors():
        project = _project(root)
        if sign is not None and form != "intoto":
            raise LineageError(f"--sign: only --format intoto can be signed, not {form}.")
        if form not in EXPORTS:
            raise LineageError(f"--format {form}: unknown; allowed: {', '.join(EXPORTS)}.")
        export = getattr(import_module(f"prefclip.lineage.export.{form}"), f"export_{form}")
        written = export(project, output, targets or (), *([sign] if sign else []))
    print(written)


@audit_app.command("report")
def report_page(
    run: Annotated[Path, typer.Argument(help="folder of the run")] = Path("results/embedded"),
    output: Annotated[Path | None, typer.Option("--output", "-o", help="instead of <run>/report/lineage.html")] = None,
    root: Root = None,
) -> None:
    """Draw the lineage graph of a run, with the state of every artifact, as one page without scripts."""
    from prefclip.lineage.page import write_page

    with _usage_errors():
        print(write_page(_project(root), run, output))


def _project(root: Path | None) -> Project:
    project = Project.around() if root is None else Project(root)
    if not (project.root / RESULTS).is_dir():
        raise LineageError(f"{project.root}: no folder with results; go to the repository, or name it: --root FOLDER.")
    return project


def _print(answer: object) -> None:
    # JSON stays ASCII, and text is printed wherever the terminal can show it.
    text = answer if isinstance(answer, str) else json.dumps(answer, indent=2)
    sys.stdout.write(
        text.encode(sys.stdout.encoding or "utf-8", "replace").decode(sys.stdout.encoding or "utf-8") + "\n"
    )


@contextmanager
def _usage_errors() -> Iterator[None]:
    try:
        yield
    except PrefclipError as error:
        print(f"prefclip audit: {error}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from error
