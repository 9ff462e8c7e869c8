"""``prefclip dvc`` and ``prefclip restore``: the workflow's results under DVC."""

from pathlib import Path
from typing import Annotated

import typer

from prefclip.lineage.project import Project

dvc_app = typer.Typer(help="Version what runs make with DVC.", no_args_is_help=True)


@dvc_app.command("write")
def write_vars_of_run(
    configfile: Annotated[Path | None, typer.Option(help="configuration whose run dvc.yaml is to describe")] = None,
) -> None:
    """Set the vars of dvc.yaml for a configuration, that of the run that it describes unless one is given."""
    from prefclip.lineage.versions.pipeline import write_vars, written_vars

    project = Project.around()
    chosen = project.name(configfile) if configfile else written_vars(project)["config"]
    print(write_vars(project, chosen).relative_to(project.root))


@dvc_app.command("record")
def record_versions(
    run: Annotated[Path, typer.Argument(help="folder of a finished run")] = Path("results/embedded"),
) -> None:
    """Store a finished run in the DVC cache and write dvc.lock; `snakemake record` calls this."""
    from prefclip.lineage.versions.storing import record_run

    number = record_run(Project.around(), run)
    print(f"dvc.lock describes {number} files of {run}; commit it with git, and share the files with `dvc push`.")


def restore(
    remote: Annotated[str | None, typer.Option(help="DVC remote, instead of the default one")] = None,
    force: Annotated[bool, typer.Option("--force", help="replace results here that DVC does not know")] = False,
) -> None:
    """Fetch the recorded results with DVC, check every hash, and only then tell Snakemake that they are up to date."""
    from prefclip.lineage.versions.restoring import restore_run

    number = restore_run(Project.around(), remote, force)
    print(f"{number} files restored; each is what dvc.lock and its lineage record say, and nothing is left to run.")
