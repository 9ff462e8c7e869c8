"""Leaves: files of a package that each describe one loss, kind of method, table or figure, and are found by name."""

import pkgutil
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from types import ModuleType

from prefclip.errors import PrefclipError


class LeafError(PrefclipError, ValueError):
    """The file of a leaf cannot be imported, or lacks something that such files hold."""


def leaf_names(package: str, shared: Collection[str] = ()) -> tuple[str, ...]:
    """Every leaf of a package, sorted; ``shared`` modules are none."""
    modules = pkgutil.iter_modules(import_module(package).__path__)
    return tuple(sorted(module.name for module in modules if module.name not in shared))


def read_leaf(package: str, name: str, holds: Mapping[str, type]) -> ModuleType:
    """Import a leaf, which holds names of these types. Raises LeafError for whatever a half-written file does."""
    file = f"src/{package.replace('.', '/')}/{name}.py"
    try:
        found = import_module(f"{package}.{name}")
    except Exception as error:
        reason = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else error
        raise LeafError(f"{file}: {type(error).__name__} ({reason}); correct the file, or remove it.") from error
    for each, kind in holds.items():
        if not isinstance(getattr(found, each, None), kind):
            raise LeafError(f"{file}: {each} is missing or no {kind.__name__}; docs/extending.md shows such a file.")
    return found


def shown_leaf(package: str, name: str, maker: str, **further: type) -> ModuleType:
    """The leaf of a table or a figure, which ``maker`` makes. Raises LeafError."""
    functions = dict.fromkeys(("applies", "reads", "settings", maker), Callable)
    return read_leaf(package, name, {"ORDER": int, "GROUP": str, **functions, **further})
