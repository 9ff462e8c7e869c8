"""The class list of a data set: names in evaluation order and the prompt they are put in."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prefclip.errors import PrefclipError
from prefclip.files import write_json


class ClassListError(PrefclipError):
    """A class list cannot be used for classification."""


@dataclass(frozen=True)
class ClassList:
    """Class names of one data set; a name's position is its label.

    ``repeated_names`` are those that the published list gives to more than one class, as ImageNet's does.
    """

    dataset: str
    role: str
    names: tuple[str, ...]
    template: str
    repeated_names: tuple[str, ...] = ()

    def prompts(self) -> list[str]:
        """Return the caption of each class."""
        return [self.template.format(name) for name in self.names]


def check_names(names: Any, origin: str, repeated_names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names as a tuple; only ``repeated_names`` may occur more than once.

    Raises ClassListError for fewer than two names, repeated names, and anything that is not text, naming ``origin``.
    """
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise ClassListError(f"{origin}: expected a list of class names, got {type(names).__name__}.")
    for name in names:
        if not isinstance(name, str) or not name.split():
            raise ClassListError(f"{origin}: {name!r} is no class name; put text, in quotes where YAML needs them.")
    if len(names) < 2:
        raise ClassListError(f"{origin}: {len(names)} class name given; classification needs at least two.")
    counts = Counter(names)
    repeated = next((name for name in names if counts[name] > 1 and name not in repeated_names), None)
    if repeated is not None:
        raise ClassListError(f"{origin}: the class name {repeated!r} occurs twice; names must differ.")
    return tuple(names)


def read_classes(path: str | Path) -> ClassList:
    """Read a set's ``classes.json``. Raises ClassListError naming the file where it is missing, broken or unusable."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ClassListError(f"{path}: no such class list; `prefclip manifest` writes it.") from error
    except (OSError, ValueError) as error:
        raise ClassListError(f"{path}: not a readable JSON file ({error}); build the manifest again.") from error
    keys = ("dataset", "role", "names", "template")
    missing = [key for key in keys if not isinstance(values, dict) or key not in values]
    if missing:
        raise ClassListError(f"{path}: key {missing[0]!r} is missing; a class list has {', '.join(keys)}.")
    for key in ("dataset", "role", "template"):
        if not isinstance(values[key], str) or not values[key]:
            raise ClassListError(f"{path}: key {key!r} must be text, got {values[key]!r}.")
    if values["template"].count("{}") != 1:
        raise ClassListError(f"{path}: the template {values['template']!r} must hold {{}} once, for the class name.")
    repeated_names = tuple(values.get("repeated_names", ()))
    names = check_names(values["names"], str(path), repeated_names)
    return ClassList(values["dataset"], values["role"], names, values["template"], repeated_names)


def write_classes(path: str | Path, classes: ClassList) -> None:
    """Write ``classes/<dataset>.json``, whole or not at all."""
    write_json(path, {key: value for key, value in asdict(classes).items() if value or key != "repeated_names"})
