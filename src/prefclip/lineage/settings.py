"""The configuration of today, so that an audit can ask what a run would be made of now."""

import re
from pathlib import Path, PurePosixPath

from prefclip.config import Config, read_config
from prefclip.datasets.registry import DATASETS
from prefclip.errors import PrefclipError
from prefclip.lineage.project import RESULTS, FileProblem, Project

LARGEST_CONFIG = 1024 * 1024
ABSENT = "(absent)"


class CurrentSettings:
    """What the configuration says today.

    A run reads ``results/<experiment>/config.json``, which the workflow resolves from ``config/<experiment>.yaml``.
    Where the latter exists it is asked, so that an edit shows before the workflow runs again. ``instead`` replaces
    both.
    """

    def __init__(self, project: Project, instead: str | Path | None = None):
        self.project = project
        self.instead = None if instead is None else str(instead)
        self._origins: dict[str, str] = {}
        self._read: dict[str, Config | str] = {}

    def origin(self, recorded: str) -> str:
        """Return the path of the file that is asked for a recorded configuration."""
        if self.instead is not None:
            return self.instead
        if recorded not in self._origins:
            self._origins[recorded] = self._origin(recorded)
        return self._origins[recorded]

    def _origin(self, recorded: str) -> str:
        parts = PurePosixPath(recorded).parts
        if len(parts) == 3 and parts[0] == RESULTS and parts[2] == "config.json":
            preset = f"config/{parts[1]}.yaml"
            if (self.project.root / preset).is_file() and not self._is_laid_over(preset):
                return preset
        return recorded

    def _is_laid_over(self, preset: str) -> bool:
        """Whether a file only changes keys of another one: it has no methods, and cannot be asked alone."""
        try:
            return not re.search(rb"^methods *:", self.project.read(preset, LARGEST_CONFIG), re.MULTILINE)
        except FileProblem:
            return False

    def config(self, recorded: str) -> Config | str:
        """Return the configuration of today, or a few words on why there is none."""
        origin = self.origin(recorded)
        if origin not in self._read:
            self._read[origin] = self._settings(origin)
        return self._read[origin]

    def _settings(self, origin: str) -> Config | str:
        try:
            path = origin
            if self.instead is None:
                self.project.read(origin, LARGEST_CONFIG)
                path = self.project.locate(origin)
            return read_config(path, datasets=DATASETS)
        except FileProblem as problem:
            return f"the configuration {origin[:200]} {problem}"
        except (PrefclipError, ValueError, RecursionError) as error:
            return str(error)[:300].removesuffix(".")
