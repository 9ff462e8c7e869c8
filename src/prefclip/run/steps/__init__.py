"""The steps of a run, found by name: each module declares one and holds its command.

A command reads files, writes files, and leaves a lineage record beside every one that it wrote.
"""

from dataclasses import replace
from importlib import import_module
from types import ModuleType

from prefclip.config import Config
from prefclip.leaves import leaf_names
from prefclip.run.step import Rule, Step


def step_names() -> tuple[str, ...]:
    """Return the names of all steps."""
    return leaf_names(__name__)


def step_module(name: str) -> ModuleType:
    """Import the module of a step: the function of its name is its command, the class of its name declares it."""
    return import_module(f"{__name__}.{name}")


def step_class(name: str) -> type[Step]:
    """Return the class that declares a step: ``CheckClip`` for ``check_clip``."""
    return getattr(step_module(name), name.title().replace("_", ""))


def rule_of(config: Config, name: str, **fixed: object) -> Rule:
    """Return what the Snakemake rule of a step unpacks; ``fixed`` are fields that are no wildcards of it."""
    return step_class(name).rule(config, **fixed)


def declared(config: Config, name: str, wildcards: dict[str, str], root: str = "") -> Step | None:
    """Return the job of the run in ``root`` that a step's name and wildcards mean; None where none is asked for."""
    if name not in step_names():
        return None
    jobs = step_class(name).jobs(config)
    return next((replace(job, root=root) for job in jobs if job.wildcards == wildcards), None)
