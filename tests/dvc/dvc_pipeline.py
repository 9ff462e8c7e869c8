"""``dvc.yaml`` as DVC itself reads it: patterns filled in, edges found."""

from dataclasses import dataclass
from pathlib import Path

from dvc.repo import Repo


@dataclass(frozen=True)
class Stage:
    """One stage; all paths are below the repository."""

    name: str
    cmd: str
    dependencies: frozenset[str]
    outputs: frozenset[str]
    persisting: frozenset[str]
    parameters: dict[str, tuple[str, ...]]

    @property
    def milestone(self) -> str:
        return self.name.split("@")[0]


@dataclass(frozen=True)
class Pipeline:
    """All stages by name, and the pairs (stage, stage that it needs)."""

    stages: dict[str, Stage]
    edges: set[tuple[str, str]]


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
                parameters={_name(root, one): tuple(one.params) for one in settings},
            )
        edges = {(first.name, second.name) for first, second in repo.index.graph.edges}
    return Pipeline(stages, edges)


def _name(root: Path, entry) -> str:
    return Path(entry.fs_path).relative_to(root).as_posix()
