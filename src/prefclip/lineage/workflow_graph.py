"""The jobs of the workflow and their files, asked of Snakemake itself."""

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefclip.lineage.project import LineageError, Project

DEFAULT_CONFIG = "config/embedded.yaml"


@dataclass(frozen=True)
class Job:
    """One job that makes files.

    Attributes:
        patterns: its outputs as the rule has them, with ``{wildcards}``.
        sections: sections of the configuration that make it run again when they change; ``method`` is its own one.
        reason: why Snakemake would run it, in its words.
    """

    rule: str
    wildcards: dict[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    patterns: tuple[str, ...]
    sections: tuple[str, ...]
    reason: str


def config_option(config_file: str) -> list[str]:
    """Return what makes ``snakemake`` use a configuration; nothing for the one that it uses anyway."""
    return [] if config_file == DEFAULT_CONFIG else ["--configfile", config_file]


def workflow_jobs(project: Project, config_file: str = DEFAULT_CONFIG, every: bool = True) -> list[Job]:
    """Return the jobs behind ``snakemake all``, inputs before what is made of them.

    Args:
        project: the repository with its Snakefile.
        config_file: the configuration, below the root.
        every: all jobs as if nothing were there; otherwise only those that Snakemake would run now.

    Raises LineageError where Snakemake cannot read the workflow, with its words.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.settings.enums import Quietness
    from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

    snakefile = project.root / "Snakefile"
    if not snakefile.is_file():
        raise LineageError(f"{snakefile}: no such file; run the command inside the repository of the workflow.")
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), contextlib.chdir(project.root):
            with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as snakemake:
                settings = ConfigSettings(configfiles=[Path(path) for path in config_option(config_file)[1:]])
                workflow = snakemake.workflow(ResourceSettings(cores=1), settings, snakefile=snakefile)
                # Drawing the graph is the public way to have it built.
                workflow.dag(DAGSettings(forceall=every)).printd3dag()
                dag = workflow._workflow.dag
                order = [job for level in dag.toposorted() for job in sorted(level, key=lambda job: list(job.output))]
                return [_job(dag, job) for job in order if list(job.output) and dag.needrun(job)]
    except (Exception, SystemExit) as error:
        words = " ".join(str(error).split()) or said.getvalue().strip()
        raise LineageError(f"{snakefile}: Snakemake cannot read the workflow ({words}).") from error


def _job(dag: Any, job: Any) -> Job:
    return Job(
        rule=job.rule.name,
        wildcards=dict(job.wildcards_dict),
        inputs=tuple(dict.fromkeys(map(str, job.input))),
        outputs=tuple(map(str, job.output)),
        # A wildcard may carry a regular expression: {seed,[0-9]+}.
        patterns=tuple(re.sub(r"\{\s*(\w+)\s*,[^{}]*\}", r"{\1}", str(pattern)) for pattern in job.rule.output),
        sections=tuple(json.loads(job.params.get("settings", "{}"))),
        reason=str(dag.reason(job)),
    )
