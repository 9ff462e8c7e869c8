"""Which source files a stage depends on: computed from the imports, so that no list has to be kept.

A stage is a function of ``prefclip.stages``. Its source files are what that function imports from prefclip, what those
modules import, and so on; imports inside functions count, those for type checkers do not. A module that imports by a
computed name (``import_module``) depends on all modules of its package. Templates, styles and scripts of pages
belong to the package in whose folder they lie.

Left out are the modules whose effect is in the record itself: the command line and the stages (``command``, inputs and
outputs), the configuration (its resolved values are ``params``), the names of files, and the lineage.
"""

import ast
import importlib.metadata
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import prefclip
from prefclip.lineage.project import LineageError

PACKAGE = Path(prefclip.__file__).resolve().parent
PAGE_PARTS = (".html", ".css", ".js")
RECORDED_OTHERWISE = ("prefclip.cli", "prefclip.stages", "prefclip.config", "prefclip.layout", "prefclip.lineage")


def stage_sources(stage: str, package: Path = PACKAGE) -> list[Path]:
    """Return the sorted source files of a stage, absolute.

    Raises LineageError naming the stages that exist, or where the command's modules do not.
    """
    files = source_closure(_entry_modules(stage, package), package)
    if not files:
        raise LineageError(f"stage {stage!r}: the modules that its command imports do not exist below {package}.")
    return files


def rule_sources(stage: str, root: str | Path = ".") -> list[str]:
    """Return the source files of a stage as inputs of its Snakemake rule: relative where they lie below ``root``."""
    root = Path(root).resolve()
    return [str(path.relative_to(root)) if path.is_relative_to(root) else str(path) for path in stage_sources(stage)]


def source_closure(modules: Iterable[str], package: Path = PACKAGE) -> list[Path]:
    """Return the files of ``modules`` (dotted, of prefclip) and of all that they import from prefclip, sorted."""
    todo, found = list(modules), set()
    while todo:
        module = todo.pop()
        path = _module_file(module, package)
        # Importing a.b.c runs a/__init__.py and a/b/__init__.py first.
        parents = [module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1)]
        if path is None or path in found or any(f"{module}.".startswith(f"{name}.") for name in RECORDED_OTHERWISE):
            continue
        found |= {path, *_page_parts(path)}
        todo += parents + _prefclip_imports(path, package)
        if _imports_by_name(path):
            todo += [_module_name(other, package) for other in path.parent.rglob("*.py")]
    return sorted(found)


def _page_parts(path: Path) -> list[Path]:
    """What a package, named by its __init__.py, holds for pages in folders that are no packages."""
    if path.name != "__init__.py":
        return []
    folders = [each for each in path.parent.iterdir() if each.is_dir() and not (each / "__init__.py").exists()]
    return [part for folder in folders for part in folder.iterdir() if part.suffix in PAGE_PARTS]


def imported_packages(paths: Iterable[Path]) -> dict[str, str]:
    """Return the versions of the installed distributions that source files import, without local build marks."""
    modules = [path for path in paths if path.suffix == ".py"]
    names = {name for path in modules for name in _top_level_imports(path)} - {"prefclip"}
    distributions = _distributions()
    found = {re.sub(r"[-_.]+", "-", name).lower() for top in names for name in distributions.get(top, [])[:1]}
    return {name: version for name in sorted(found) if (version := installed_version(name))}


def installed_version(distribution: str) -> str | None:
    """Return an installed version; ``2.14.1+cpu`` counts as ``2.14.1``."""
    try:
        return importlib.metadata.version(distribution).split("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


@lru_cache(maxsize=1024)
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def _imports(tree: ast.AST, module: str, is_package: bool) -> list[str]:
    """Every dotted name that an import below ``tree`` may load, submodule or not; relative ones resolved."""
    names, todo = [], [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in (getattr(node.test, key, "") for key in ("id", "attr")):
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                base = module.split(".")[: len(module.split(".")) - node.level + is_package]
                origin = ".".join([*base, *([node.module] if node.module else [])])
            names += [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
        todo += ast.iter_child_nodes(node)
    return names


@lru_cache(maxsize=1024)
def _prefclip_imports(path: Path, package: Path) -> list[str]:
    imports = _imports(_parse(path), _module_name(path, package), path.stem == "__init__")
    return [name for name in imports if name.split(".")[0] == "prefclip"]


def _module_name(path: Path, package: Path) -> str:
    return ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")


@lru_cache(maxsize=1024)
def _imports_by_name(path: Path) -> bool:
    content = path.read_bytes()
    if b"import_module" not in content and b"__import__" not in content:
        return False
    words = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(_parse(path))}
    return not words.isdisjoint({"import_module", "__import__"})


def _top_level_imports(path: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(_parse(path), "prefclip.x", False)}


def _module_file(module: str, package: Path) -> Path | None:
    base = package.parent.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in _parse(path).body if isinstance(node, ast.FunctionDef)}


def _entry_modules(stage: str, package: Path) -> list[str]:
    """What the function ``stage`` imports: in its body, in functions it calls, or at the top by name."""
    files = sorted((package / "stages").glob("*.py"))
    found = {path: _functions(path) for path in files}
    path = next((path for path in files if stage in found[path]), None)
    if path is None:
        allowed = ", ".join(name for functions in found.values() for name in functions)
        raise LineageError(f"stage {stage!r}: no command of that name in {package / 'stages'}; allowed: {allowed}.")
    top, functions = _parse(path).body, found[path]
    bound = {}
    for node in top:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                bound[(alias.asname or alias.name).split(".")[0]] = node
    todo, seen, modules = [stage], set(), []
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        node = functions.get(name) or bound.get(name)
        if node is None:
            continue
        modules += _imports(node, f"prefclip.stages.{path.stem}", False)
        if name in functions:
            todo += [child.id for child in ast.walk(node) if isinstance(child, ast.Name)]
    return [module for module in modules if module.split(".")[0] == "prefclip"]
