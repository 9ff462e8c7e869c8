"""``prefclip dvc`` and ``prefclip restore``: the workflow's results under DVC."""

from pathlib import Path
from typing import Annotated

import typer

from prefclip.lineage.project import Project

dvc_app = typer.Typer(help="Version what runs make with DVC.", no_args_is_help=True)


@dvc_app.command("write")
def write_dvc_file(
    configfile: Annotated[Path | None, typer.Option(help="configuration whose run dvc.yaml is to describe")] = None,
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit code 1 if dvc.yaml is outdated")] = False,
) -> None:
    """Write dvc.yaml, the milestones of the workflow, from Snakemake's jobs."""
    from prefclip.lineage.milestones import DVC_FILE, check_pipeline, described_config, write_pipeline
    from prefclip.lineage.workflow_graph import DEFAULT_CONFIG

    project = Project.around()
    written = (project.root / DVC_FILE).is_file()
    chosen = project.name(configfile) if configfile else described_config(project) if written else DEFAULT_CONFIG
    if check:
        check_pipeline(project, chosen)
    else:
        print(write_pipeline(project, chosen).relative_to(project.root))


@dvc_app.command("record")
def record_versions(
    run: Annotated[Path, typer.Argument(help="folder of a finished run")] = Path("results/embedded"),
) -> None:
    """Store a finished run in the DVC cache and write dvc.lock; `snakemake record` calls this."""
    from prefclip.lineage.versioning import record_run

    number = record_run(Project.around(), run)
    print(f"dvc.lock describes {number} files of {run}; commit it with git, and share the files with `dvc push`.")


def restore(
    remote: Annotated[str | None, typer.Option(help="DVC remote, instead of the default one")] = None,
    force: Annotated[bool, typer.Option("--force", help="replace results here that DVC does not know")] = False,
) -> None:
    """Fetch the recorded results with DVC, check every hash, and only then tell Snakemake that they are up to date."""
    from prefclip.lineage.restoring import restore_run

    number = restore_run(Project.around(), remote, force)
    print(f"{number} files restored; each is what dvc.lock and its lineage record say, and nothing is left to run.")
