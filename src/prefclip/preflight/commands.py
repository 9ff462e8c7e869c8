"""`prefclip preflight`: find out in seconds what a cluster would refuse after hours."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from prefclip.config import Config
    from prefclip.preflight.findings import Finding
    from prefclip.preflight.site_profile import SiteProfile

preflight_app = typer.Typer(help="Check a cluster before a long run.", no_args_is_help=True)


@preflight_app.command("slurm")
def check_slurm(
    profile: Annotated[Path, typer.Option(help="folder or file of the Snakemake profile")] = Path("slurm"),
    config: Annotated[Path | None, typer.Option(help="YAML configuration, unless the profile's own")] = None,
    job: Annotated[bool, typer.Option(help="submit one small job that looks at its node")] = True,
    wait: Annotated[float, typer.Option(min=1, help="seconds to wait for that job")] = 120,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Check Slurm, the profile, and the run's weights, data and disk; exit code 1 if something is wrong."""
    from prefclip.config import read_config
    from prefclip.datasets.registry import DATASETS
    from prefclip.preflight.findings import verdict
    from prefclip.preflight.site_profile import read_profile

    site = read_profile(profile)
    settings = read_config(config or site.config or Path("config/paper.yaml"), datasets=DATASETS)
    findings = []
    for finding in _findings(settings, site, job, wait):
        findings.append(finding)
        if not as_json:
            typer.echo("\n".join(finding.lines()))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        typer.echo(verdict(findings))
    raise typer.Exit(any(finding.state == "wrong" for finding in findings))


def _findings(settings: "Config", site: "SiteProfile", job: bool, wait: float) -> Iterator["Finding"]:
    """Each check of the cluster asks only what the ones before it leave open."""
    from prefclip.preflight import cluster_checks, run_files
    from prefclip.preflight.probe_job import check_job

    yield run_files.check_weights(settings)
    yield from run_files.check_data(settings)
    yield run_files.check_room(settings, Path("results"))
    yield cluster_checks.check_plugin()
    for check in (cluster_checks.check_programs, cluster_checks.check_controller):
        finding = check()
        yield finding
        if finding.state == "wrong":
            return
    refused = False
    for finding in cluster_checks.check_requests(site):
        refused |= finding.state == "wrong"
        yield finding
    yield from cluster_checks.check_accounting(site)
    yield cluster_checks.check_limits()
    if job and not refused:
        yield from check_job(site.requests[-1], Path("results"), wait)
