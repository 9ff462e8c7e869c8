"""Which source files decide what a step writes: computed from the imports, so that no list has to be kept.

A step's source files are its own module, what that imports from prefclip, what those modules import, and so on; imports
inside functions count, those for type checkers do not. What is imported by a computed name the step names itself.
Templates, styles and scripts of pages belong to the package in whose folder they lie.

Left out are the modules whose effect a record holds as values: the configuration (its resolved values are ``params``),
the names of files (``inputs`` and ``outputs``), the command line, and the lineage; and those that no byte depends on.
"""

import ast
import hashlib
import importlib.metadata
import importlib.util
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import prefclip

PACKAGE = Path(prefclip.__file__).resolve().parent
PAGE_PARTS = (".html", ".css", ".js")
RECORDED_OTHERWISE = tuple(f"prefclip.{each}" for each in ("cli", "config", "errors", "leaves", "lineage", "run"))
STEPS = "prefclip.run.steps."


def source_closure(modules: Iterable[str], package: Path = PACKAGE) -> list[Path]:
    """Return the files of ``modules`` (dotted, of prefclip) and of all that they import from prefclip, sorted."""
    todo, found = list(modules), set()
    while todo:
        module = todo.pop()
        path = _module_file(module, package)
        # Importing a.b.c runs a/__init__.py and a/b/__init__.py first.
        parents = [module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1)]
        if path is None or path in found or _recorded_otherwise(module):
            continue
        found |= {path, *_page_parts(path)}
        todo += parents + _prefclip_imports(path, package)
    return sorted(found)


def code_files(sources: Iterable[Path], others: Iterable[Path] = ()) -> dict[str, str]:
    """Return the sha256 of source files by their name in the repository, and of ``others``, fonts, by their own."""
    names = {f"src/prefclip/{path.relative_to(PACKAGE).as_posix()}": path for path in sources}
    names |= {f"fonts/{path.name}": path for path in others}
    return {name: _sha256(path, path.stat().st_mtime_ns) for name, path in sorted(names.items())}


@lru_cache(maxsize=4096)
def _sha256(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _recorded_otherwise(module: str) -> bool:
    excluded = any(f"{module}.".startswith(f"{name}.") for name in RECORDED_OTHERWISE)
    return excluded and not module.startswith(STEPS)


def _page_parts(path: Path) -> list[Path]:
    """What a package, named by its __init__.py, holds for pages in folders that are no packages."""
    if path.name != "__init__.py":
        return []
    folders = [each for each in path.parent.iterdir() if each.is_dir() and not (each / "__init__.py").exists()]
    return [part for folder in folders for part in folder.iterdir() if part.suffix in PAGE_PARTS]


def imported_packages(paths: Iterable[Path]) -> dict[str, str]:
    """Return the versions of the installed distributions that source files import, without local build marks."""
    modules = [path for path in paths if path.suffix == ".py"]
    names = {name.split(".")[0] for path in modules for name in _imports(path)} - {"", "prefclip"}
    distributions = _distributions()
    found = {re.sub(r"[-_.]+", "-", name).lower() for top in names for name in distributions.get(top, [])[:1]}
    return {name: version for name in sorted(found) if (version := _installed_version(name))}


def installed_version(distribution: str) -> str | None:
    """Return an installed version; ``2.14.1+cpu`` counts as ``2.14.1``."""
    try:
        return importlib.metadata.version(distribution).split("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


# A plan asks for the same few of every step; an audit asks anew.
_installed_version = lru_cache(maxsize=1024)(installed_version)


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


@lru_cache(maxsize=1024)
def _imports(path: Path) -> list[str]:
    """Every dotted name that an import in a file may load, submodule or not; relative ones begin with their dots."""
    names, todo = [], [ast.parse(path.read_bytes(), str(path))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in (getattr(node.test, key, "") for key in ("id", "attr")):
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            names += [origin, *(f"{origin}{'' if origin.endswith('.') else '.'}{alias.name}" for alias in node.names)]
        todo += ast.iter_child_nodes(node)
    return names


@lru_cache(maxsize=1024)
def _prefclip_imports(path: Path, package: Path) -> list[str]:
    folder = ".".join(path.parent.relative_to(package.parent).parts)
    imports = [importlib.util.resolve_name(name, folder) for name in _imports(path)]
    return [name for name in imports if name.split(".")[0] == "prefclip"]


def _module_file(module: str, package: Path) -> Path | None:
    base = package.parent.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None
