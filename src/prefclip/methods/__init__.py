"""What a row of a table can be: each kind is a file of this folder, found by its name, that describes itself.

A further file is a further kind, such as a defence that edits weights instead of training them; nothing lists them, and
using one imports no other. Configurations are checked without torch, so a file imports it inside its functions.
"""

from prefclip.errors import PrefclipError
from prefclip.leaves import leaf_names, read_leaf
from prefclip.methods.kind import Kind

# The kinds that every run has: its base model, and what a training makes of it.
UNTOUCHED, TRAINED = "untouched", "trained"
SHARED = ("kind",)


class UnknownKindError(PrefclipError, ValueError):
    """A name that no kind has."""


def names() -> tuple[str, ...]:
    """Every kind by name, sorted."""
    return leaf_names(__name__, SHARED)


def configurable() -> tuple[str, ...]:
    """The kinds that a configuration may name: the untouched model is always there."""
    return tuple(name for name in names() if name != UNTOUCHED)


def kind_of(name: str) -> Kind:
    """What the kind called `name` says of itself; raises `UnknownKindError` that lists those to be configured."""
    if name not in names():
        raise UnknownKindError(f"unknown kind {name!r}, allowed: {', '.join(configurable())}")
    return read_leaf(__name__, name, {"KIND": Kind}).KIND
