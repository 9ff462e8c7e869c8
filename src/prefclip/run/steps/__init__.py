"""The steps of a run, found by name: each module declares one and holds its command.

A command reads files, writes files, and leaves a lineage record beside every one that it wrote.
"""

import pkgutil
from dataclasses import replace
from importlib import import_module
from types import ModuleType

from prefclip.config import Config
from prefclip.run.step import Rule, Step


def step_names() -> list[str]:
    """Return the names of all steps."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def step_module(name: str) -> ModuleType:
    """Import the module of a step: DECLARES is its class, and the function of its name its command."""
    return import_module(f"{__name__}.{name}")


def rule_of(config: Config, name: str, **fixed: object) -> Rule:
    """Return what the Snakemake rule of a step unpacks; ``fixed`` are fields that are no wildcards of it."""
    return step_module(name).DECLARES.rule(config, **fixed)


def declared(config: Config, name: str, wildcards: dict[str, str], root: str = "") -> Step | None:
    """Return the job of the run in ``root`` that a step's name and wildcards mean; None where none is asked for."""
    if name not in step_names():
        return None
    jobs = step_module(name).DECLARES.jobs(config)
    return next((replace(job, root=root) for job in jobs if job.wildcards == wildcards), None)
