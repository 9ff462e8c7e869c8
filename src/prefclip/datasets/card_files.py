"""The files of the cards, ``cards/<name>.yaml``, and the two facts of a card that later steps need.

Nothing lists the cards: the folder is looked through, and a card is read when its name is asked for.
"""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from prefclip.errors import PrefclipError

CARDS = Path(__file__).parent / "cards"


class CardError(PrefclipError):
    """A card is missing a key, has an unknown one, or a value of another kind."""


class UnknownDatasetError(PrefclipError):
    """No data set has this name."""


def dataset_names() -> list[str]:
    """Return the names of all data sets that have a card, sorted."""
    return sorted(path.stem for path in CARDS.glob("*.yaml"))


def dataset_title(name: str) -> str:
    """Return how tables and figures call a data set; one without a card keeps its name."""
    return parsed_card(card_path(name)).get("title", name) if name in dataset_names() else name


def word_removed(name: str) -> bool:
    """Whether the word on a set's photographs was blanked out, so that they are clean. Raises UnknownDatasetError."""
    return bool(parsed_card(card_path(name)).get("word_removed"))


def card_path(name: str, further: Iterable[str] = ()) -> Path:
    """Return the file of a card. Raises UnknownDatasetError, which lists the names, ``further`` ones first."""
    names = dataset_names()
    if name not in names:
        raise UnknownDatasetError(f"unknown data set {name!r}; allowed: {', '.join([*further, *names])}.")
    return CARDS / f"{name}.yaml"


@lru_cache
def parsed_card(path: Path) -> dict[str, Any]:
    """Return a card's keys as written, read-only. Raises CardError where it is no YAML mapping or has a key twice."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "problem", None) or error
        raise CardError(f"{path}: not a readable YAML file ({reason}); restore or correct it.") from error
    if not isinstance(values, dict):
        raise CardError(f"{path}: expected a mapping of keys, got {type(values).__name__}; see the other cards.")
    return values


class _UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML forbids a key that occurs twice, but PyYAML silently takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        key, count = Counter(map(str, keys)).most_common(1)[0] if keys else (None, 0)
        if count > 1:
            raise yaml.constructor.ConstructorError(problem=f"the key {key!r} occurs twice")
        return super().construct_mapping(node, deep)
