"""Reading and checking a configuration: YAML files, plain values, and the JSON Schema of both."""

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from prefclip.config.experiment import Config, KnownDataset
from prefclip.config.messages import explain
from prefclip.config.protocols import with_protocol_defaults
from prefclip.config.sections import ConfigError
from prefclip.errors import PrefclipError

TUNED_KEYS = ("learning_rate", "parameters")


def read_config(*paths: str | Path, datasets: Mapping[str, KnownDataset] | None = None) -> Config:
    """Read and check a YAML file; of several, later ones add keys or replace single ones, as with Snakemake.

    ``datasets``: all that there are, by name; without them, names and sizes of data sets go unchecked.
    Raises ConfigError naming the file and key, saying what is allowed.
    """
    values = _read_yaml(Path(paths[0]))
    for path in paths[1:]:
        values = _merged(values, _read_yaml(Path(path)))
    return check_config(values, ", ".join(map(str, paths)), datasets)


def _merged(values: Any, changes: Any) -> Any:
    if not (isinstance(values, dict) and isinstance(changes, dict)):
        return changes
    return {**values, **{key: _merged(values.get(key), change) for key, change in changes.items()}}


def _read_yaml(path: Path) -> Any:
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file; config/embedded.yaml is the default.") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid YAML ({one_line(error)}).") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name a YAML file.") from error


def parse_yaml(text: str) -> Any:
    """Return what a YAML text holds. Raises YAMLError or RecursionError, also for a key that occurs twice."""
    return yaml.load(text, _UniqueKeys)


class _UniqueKeys(yaml.SafeLoader):
    """YAML forbids a key that occurs twice, but PyYAML silently takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        found: list[Any] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in found:
                problem = f"the key {key!r} occurs twice"
                raise yaml.constructor.ConstructorError(problem=problem, problem_mark=key_node.start_mark)
            found.append(key)
        return super().construct_mapping(node, deep)


def one_line(error: Exception) -> str:
    """Say in one line what is no YAML, and where."""
    mark = getattr(error, "problem_mark", None)
    text = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}: {text}" if mark else text


def check_config(values: Any, origin: str, datasets: Mapping[str, KnownDataset] | None = None) -> Config:
    """Turn plain values (of a YAML file, or Snakemake's ``config``) into a Config, as :func:`read_config` does."""
    if not isinstance(values, dict):
        found = "nothing" if values is None else type(values).__name__
        raise ConfigError(f"{origin}: expected a mapping of keys, got {found}; see config/embedded.yaml.")
    try:
        return Config.model_validate(with_tuned_settings(with_protocol_defaults(values)), context=datasets)
    except ValidationError as error:
        raise ConfigError(f"{origin}: {explain(error, Config)}.") from error
    except PrefclipError as error:
        raise ConfigError(f"{origin}: {error}") from error


def with_tuned_settings(values: dict[str, Any]) -> dict[str, Any]:
    """Return ``values`` with the settings that the file ``tuned`` has for methods that name neither learning rate nor
    parameters; so a resolved configuration needs no file. Raises ConfigError naming a file that is none.
    """
    methods, path = values.get("methods"), values.get("tuned")
    if not isinstance(methods, dict) or not isinstance(path, str):
        return values
    plain = [name for name, entry in methods.items() if isinstance(entry, dict) and not entry.keys() & set(TUNED_KEYS)]
    chosen = _read_tuned(Path(path)) if plain else {}
    return {**values, "methods": methods | {name: {**chosen.get(name, {}), **methods[name]} for name in plain}}


def _read_tuned(path: Path) -> dict[str, dict[str, Any]]:
    remedy = "`snakemake --cores all tune` makes one, docs/tuning.md says how"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["methods"]
        return {name: {key: entry[key] for key in TUNED_KEYS} for name, entry in found.items()}
    except OSError as error:
        raise ConfigError(f"tuned: {path}: cannot be read ({error.strerror}); {remedy}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"tuned: {path}: no file of chosen settings; {remedy}.") from error


def json_schema() -> dict:
    """Return the JSON Schema that the Snakefile validates its configuration with."""
    return Config.model_json_schema()
