"""The parameters of a stage as keys of the configuration, so that an audit can ask what they are today."""

from pathlib import Path, PurePosixPath
from typing import Any

from prefclip.config import read_config
from prefclip.datasets.registry import DATASETS
from prefclip.errors import PrefclipError
from prefclip.lineage.project import RESULTS, FileProblem, LineageError, Project

LARGEST_CONFIG = 1024 * 1024
ABSENT = "(absent)"


def config_values(path: str | Path, keys: list[str] | tuple[str, ...]) -> dict[str, Any]:
    """Return the resolved values of dotted ``keys`` (``training``, ``methods.dpo``) of a configuration file.

    Raises LineageError for a key that the file does not have, ConfigError for a file that is not a configuration.
    """
    settings = read_config(path, datasets=DATASETS).model_dump(mode="json")
    values = {key: _value(settings, key) for key in keys}
    for key, value in values.items():
        if value == ABSENT:
            raise LineageError(f"{path}: has no key {key!r} to record; its sections are {', '.join(settings)}.")
    return values


class CurrentSettings:
    """What the configuration says today.

    A run reads ``results/<experiment>/config.json``, which the workflow resolves from ``config/<experiment>.yaml``.
    Where the latter exists it is asked, so that an edit shows before the workflow runs again. ``instead`` replaces
    both.
    """

    def __init__(self, project: Project, instead: str | Path | None = None):
        self.project = project
        self.instead = None if instead is None else str(instead)
        self._read: dict[str, dict | str] = {}

    def origin(self, recorded: str) -> str:
        """Return the path of the file that is asked for a recorded configuration."""
        if self.instead is not None:
            return self.instead
        parts = PurePosixPath(recorded).parts
        if len(parts) == 3 and parts[0] == RESULTS and parts[2] == "config.json":
            preset = f"config/{parts[1]}.yaml"
            if (self.project.root / preset).is_file():
                return preset
        return recorded

    def values(self, recorded: str, keys: list[str]) -> dict[str, Any] | str:
        """Return the values of today (ABSENT for a key that is gone), or a few words on why there are none."""
        origin = self.origin(recorded)
        if origin not in self._read:
            self._read[origin] = self._settings(origin)
        settings = self._read[origin]
        return settings if isinstance(settings, str) else {key: _value(settings, key) for key in keys}

    def _settings(self, origin: str) -> dict | str:
        try:
            path = origin
            if self.instead is None:
                self.project.read(origin, LARGEST_CONFIG)
                path = self.project.locate(origin)
            return read_config(path, datasets=DATASETS).model_dump(mode="json")
        except FileProblem as problem:
            return f"the configuration {origin[:200]} {problem}"
        except (PrefclipError, ValueError, RecursionError) as error:
            return str(error)[:300].removesuffix(".")


def _value(settings: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(settings, dict) or part not in settings:
            return ABSENT
        settings = settings[part]
    return settings
