"""Every key of a configuration, and a configuration with another value of one."""

import copy
from collections.abc import Collection, Mapping

import pytest

from prefclip.config import check_config
from prefclip.config.sections import ConfigError
from prefclip.datasets.registry import DATASETS

# Words that some key takes.
WORDS = ("fp32", "tf32", "all", "head", "planned", "released", "srgb", "exact", "occlusion", "reversed", "matched")


def leaves(values: dict, whole: Collection[str] = (), above: str = "") -> list[str]:
    """The dotted keys of all values that are no sections; ``whole`` are sections that count as one value."""
    found = []
    for key, value in values.items():
        name = f"{above}{key}"
        section = isinstance(value, dict) and value and name not in whole
        found += leaves(value, whole, f"{name}.") if section else [name]
    return found


def with_value(settings: dict, key: str, value: object) -> dict:
    """A copy of some settings with another value of a dotted key."""
    changed = copy.deepcopy(settings)
    here = changed
    *sections, last = key.split(".")
    for section in sections:
        here = here.setdefault(section, {})
    here[last] = value
    return changed


def another_value(settings: dict, key: str, others: Mapping[str, object]) -> object:
    """A valid value that the key does not have: that of ``others``, or the next number, other word, shorter list."""
    if key in others:
        return others[key]
    value = check_config(settings, "test", DATASETS).plain
    for part in key.split("."):
        value = value[part]
    candidates = {
        bool: lambda: [not value],
        int: lambda: [value + 1, value - 1],
        float: lambda: [value / 2, 0.1, 0.5],
        str: lambda: WORDS,
        list: lambda: [value[:-1], value[1:], [*value, 2], [*value, 2.5]],
        type(None): lambda: [2, 0.5, *WORDS],
    }[type(value)]()
    for candidate in candidates:
        if candidate != value:
            try:
                check_config(with_value(settings, key, candidate), "test", DATASETS)
            except ConfigError:  # not valid there: the next one
                continue
            return candidate
    pytest.fail(f"{key}: no other value was found; name one")
