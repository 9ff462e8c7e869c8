"""What a step of a run is: one declaration that its Snakemake rule, its lineage record and an audit all read.

A step says what it reads and writes, which settings and which source files decide the bytes that it writes, and which
command makes it. Steps lie in `prefclip.run.steps`, one module each: the class that declares it, and its command.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from functools import lru_cache, reduce
from operator import getitem
from pathlib import Path
from typing import Any, ClassVar, Self

from prefclip.config import Config
from prefclip.lineage.record import content_id, record_name
from prefclip.lineage.sources import code_files, imported_packages, source_closure
from prefclip.run.files import RunFiles

# A path, or the paths of one kind.
Paths = dict[str, str | list[str]]


@dataclass(frozen=True)
class Step(ABC):
    """One job of a run; the fields that a subclass adds are its wildcards, but for those in ``FIXED``.

    Attributes:
        config: the run's configuration.
        root: the run's folder, ``results/<experiment>`` unless given.
        command: arguments of ``prefclip``, with {run} and the wildcards; a flag stands for its option.
        parallel: its option for the number of threads or processes, if it has one.
        launched: whether its rule may start it in several processes.
        timed: outputs that hold wall-clock times, so that their bytes differ each time.
    """

    config: Config
    root: str = field(default="", kw_only=True)
    command: ClassVar[str]
    parallel: ClassVar[str] = ""
    launched: ClassVar[bool] = False
    timed: ClassVar[tuple[str, ...]] = ()
    FIXED: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def name(cls) -> str:
        """The step's name: that of its module, and of its command but for the dashes."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def jobs(cls, config: Config) -> Iterator["Step"]:
        """Yield every job of this step that a configuration asks for, those of its sweeps included; one by default."""
        yield cls(config)

    @classmethod
    def of(cls, run: str | Path, **wildcards: Any) -> Self:
        """Return the job of a run that lies in a folder. Raises ConfigError where that is no run."""
        return cls(RunFiles(str(run)).read_config(), root=str(run), **wildcards)

    @property
    def files(self) -> RunFiles:
        """The names of the run's files."""
        return RunFiles(self.root or f"results/{self.config.experiment}")

    @property
    @abstractmethod
    def input(self) -> Paths:
        """What it reads, by role."""

    @property
    @abstractmethod
    def output(self) -> dict[str, str]:
        """What it writes, by role; wildcards may still be patterns such as ``"{seed}"``."""

    @property
    def settings(self) -> dict[str, Any]:
        """What of the configuration decides its bytes: dotted keys with plain values."""
        return {}

    @property
    def leaves(self) -> tuple[str, ...]:
        """Modules that it imports by a computed name; all others are found from its own module."""
        return ()

    @property
    def fonts(self) -> list[Path]:
        """Font files that it draws with."""
        return []

    @property
    def wildcards(self) -> dict[str, str]:
        """What tells this job from others of the step."""
        return {key: str(getattr(self, key)) for key in self.wildcard_names() if getattr(self, key) is not False}

    @classmethod
    def wildcard_names(cls) -> tuple[str, ...]:
        """The names of its wildcards, in the order of its fields."""
        return tuple(field.name for field in fields(cls) if field.name not in ("config", "root", *cls.FIXED))

    @property
    def inputs(self) -> list[str]:
        """All files that it reads."""
        found = [[paths] if isinstance(paths, str) else paths for paths in self.input.values()]
        return list(dict.fromkeys(path for paths in found for path in paths))

    @property
    def params(self) -> dict[str, Any]:
        """Everything but inputs and code that makes it stale: its settings and its command, as JSON has them."""
        return json.loads(json.dumps({**self.settings, "command": self.command_line("{run}")}))

    @property
    def code(self) -> dict[str, str]:
        """The sha256 of every file whose content decides its bytes, by name: source files, then fonts."""
        return code_files(_closure((type(self).__module__, *self.leaves)), self.fonts)

    @property
    def packages(self) -> dict[str, str]:
        """The versions of the distributions that its source files import."""
        return _packages((type(self).__module__, *self.leaves))

    def command_line(self, run: str) -> str:
        """Return the arguments of ``prefclip`` that make it in a run's folder."""
        words = {name: getattr(self, name) for name in self.wildcard_names()}
        words |= {name: f"--{name}" * on for name, on in words.items() if isinstance(on, bool)}
        return " ".join(self.command.format(run=run, **words).split())

    def values(self, *keys: str) -> dict[str, Any]:
        """Return the values of dotted keys of the configuration, and the order of what the user has named in them.

        The key ``trials`` stands for the settings of every trial of the search, which are not those of the methods.
        """
        config, told = self.config, {".".join(key.split(".")[:2]) for key in keys}
        known = config.plain
        if "trials" in keys:
            known = known | {"trials": {each.name: each.settings.model_dump(mode="json") for each in config.trials}}
        found = {key: reduce(getitem, key.split("."), known) for key in keys}
        named = (("methods", config.methods), ("concepts", config.concepts), ("sweeps", config.sweeps.grids))
        for section, names in named:
            every = {section} | ({"trials"} if section == "methods" else set())
            asked = [name for name in names if told & {*every, f"{section}.{name}"}]
            found |= {f"order of {section}": asked} if len(asked) > 1 else {}
        return found

    def recorded(self) -> AbstractContextManager:
        """Return a context that writes the lineage records of what is made inside it."""
        from prefclip.lineage.recording import recorded

        return recorded(
            self.name(),
            wildcards=self.wildcards,
            inputs=self.inputs,
            outputs=list(self.output.values()),
            timed=[self.output[role] for role in self.timed],
            params=self.params,
            config=self.files.config,
            seed=getattr(self, "seed", None),
            code=self.code,
            packages=self.packages,
        )

    @classmethod
    def rule(cls, config: Config, **fixed: Any) -> "Rule":
        """Return what the Snakemake rule of the step unpacks; ``fixed`` are fields that are no wildcards of it."""
        names = [name for name in cls.wildcard_names() if name not in fixed]
        kinds = {field.name: field.type for field in fields(cls)}
        pattern = cls(config, **{name: f"{{{name}}}" for name in names}, **fixed)

        def job(wildcards: Any) -> Step:
            return cls(config, **{name: kinds[name](wildcards[name]) for name in names}, **fixed)

        return Rule(job, pattern, names)


@dataclass(frozen=True)
class Rule:
    """A step as a Snakemake rule: ``job`` gives the step of some wildcards, ``pattern`` has patterns instead."""

    job: Callable[[Any], Step]
    pattern: Step
    names: list[str]

    @property
    def input(self) -> Callable[[Any], Paths]:
        """A function of the wildcards, to be unpacked."""
        return lambda wildcards: self.job(wildcards).input

    @property
    def output(self) -> dict[str, Any]:
        """The outputs, and their lineage records as ``records``."""
        output = self.pattern.output
        return {**output, "records": [record_name(path) for path in output.values()]}

    @property
    def params(self) -> dict[str, Callable[[Any], str]]:
        """What makes a job run again when it changes."""
        return {
            "command": lambda wildcards: self.job(wildcards).command_line(self.pattern.files.root),
            "settings": lambda wildcards: json.dumps(self.job(wildcards).settings, sort_keys=True),
            "inputs": lambda wildcards: content_id(sorted(self.job(wildcards).inputs)),
            "code": lambda wildcards: content_id(self.job(wildcards).code),
            "packages": lambda wildcards: json.dumps(self.job(wildcards).packages),
        }

    @property
    def shell(self) -> str:
        """The command line; the same text for all rules of the step."""
        step = self.pattern
        launch, parallel = "{params.launch}" * step.launched, f" {step.parallel} {{threads}}" * bool(step.parallel)
        return f"{launch}prefclip {{params.command}}{parallel} > {{log}} 2>&1"

    @property
    def log(self) -> str:
        """Where the command's words go."""
        return f"logs/{self._place}.log"

    @property
    def benchmark(self) -> str:
        """Where Snakemake notes time and memory."""
        return f"benchmarks/{self._place}.tsv"

    @property
    def _place(self) -> str:
        step = self.pattern
        words = [f"{{{name}}}" if name in self.names else name for name in step.wildcards]
        return "/".join([step.config.experiment, step.name(), *([".".join(words)] if words else [])])


_closure = lru_cache(maxsize=1024)(source_closure)


@lru_cache(maxsize=1024)
def _packages(modules: tuple[str, ...]) -> dict[str, str]:
    return imported_packages(_closure(modules))
