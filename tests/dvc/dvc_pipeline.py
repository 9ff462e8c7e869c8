"""``dvc.yaml`` as DVC itself reads it, beside what the steps of the run declare."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dvc.repo import Repo

from prefclip.config import Config
from prefclip.config.sweeps import SweepsConfig
from prefclip.lineage.versions.milestones import is_below
from prefclip.run.step import Step
from prefclip.run.steps import step_class, step_names


@dataclass(frozen=True)
class Stage:
    """One stage; all paths are below the repository."""

    name: str
    cmd: str
    dependencies: frozenset[str]
    outputs: frozenset[str]
    persisting: frozenset[str]
    stored: frozenset[str]
    parameters: dict[str, tuple[str, ...]]

    @property
    def milestone(self) -> str:
        return self.name.split("@")[0]

    def reads(self, path: str) -> list[str]:
        """Return the dependencies that a file is or lies in."""
        return [name for name in self.dependencies if is_below(path, name)]


@dataclass(frozen=True)
class Pipeline:
    """All stages by name, and the pairs (stage, stage that it needs)."""

    stages: dict[str, Stage]
    edges: set[tuple[str, str]]

    def makers(self, path: str) -> list[str]:
        """Return the names of the stages in whose outputs a file lies."""
        return [stage.name for stage in self.stages.values() if any(is_below(path, out) for out in stage.outputs)]


def read_pipeline(root: Path) -> Pipeline:
    """Let DVC read the ``dvc.yaml`` below ``root``; its own files go to a folder beside."""
    with Repo(str(root), config={"core": {"site_cache_dir": str(root.parent / "site")}}) as repo:
        stages = {}
        for stage in repo.index.stages:
            plain = [dep for dep in stage.deps if not hasattr(dep, "params")]
            settings = [dep for dep in stage.deps if hasattr(dep, "params")]
            stages[stage.name] = Stage(
                name=stage.name,
                cmd=stage.cmd,
                dependencies=frozenset(_name(root, one) for one in plain),
                outputs=frozenset(_name(root, one) for one in stage.outs),
                persisting=frozenset(_name(root, one) for one in stage.outs if one.persist),
                stored=frozenset(_name(root, one) for one in stage.outs if one.use_cache),
                parameters={_name(root, one): tuple(one.params) for one in settings},
            )
        edges = {(first.name, second.name) for first, second in repo.index.graph.edges}
    return Pipeline(stages, edges)


def declared_jobs(config: Config) -> Iterator[Step]:
    """Yield every job of the main run, as its step declares it."""
    main = config.model_copy(update={"sweeps": SweepsConfig(), "tuning": None})
    for name in step_names():
        yield from step_class(name).jobs(main)


def _name(root: Path, entry) -> str:
    return Path(entry.fs_path).relative_to(root).as_posix()
