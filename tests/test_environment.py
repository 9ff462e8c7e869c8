"""One set of versions: lock file, conda environments, pyproject.toml and the running interpreter agree."""

import ast
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK_LINE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.]*")
STAGES = {
    "data": ["datasets", "attacks", "preferences"],
    "training": ["models", "objectives", "training", "evaluation", "defences"],
    "figures": ["reporting"],
    "lineage": ["lineage"],
}
# What torch brings along differs from build to build, and torch pins it itself.
CUDA_LIBRARY = re.compile(r"triton|(cuda|nvidia)-.*")


def locked_versions() -> dict[str, str]:
    lines = (ROOT / "envs/requirements.lock").read_text().splitlines()
    return dict(line.split("==") for line in lines)


def conda_environment(name: str) -> dict:
    return yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())


def pip_pins(name: str) -> dict[str, str]:
    pip = next(item["pip"] for item in conda_environment(name)["dependencies"] if isinstance(item, dict))
    return {canonicalize_name(package): version for package, version in (pin.split("==") for pin in pip)}


def direct_requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


def third_party_imports(packages: list[str]) -> dict[str, str]:
    """Distributions that these parts of prefclip need, through what they import from it too: name -> importing file."""
    distributions = metadata.packages_distributions()
    source = ROOT / "src"
    todo = [path for package in packages for path in (source / "prefclip" / package).rglob("*.py")]
    todo.append(source / "prefclip/config.py")  # every command reads the configuration
    seen, needed = set(), {}
    while todo:
        path = todo.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                continue
            for module in modules:
                if module.startswith("prefclip."):
                    base = source / module.replace(".", "/")
                    todo += [base.with_suffix(".py"), base / "__init__.py", base.parent / "__init__.py"]
                elif module.split(".")[0] != "prefclip":
                    for distribution in distributions.get(module.split(".")[0], [])[:1]:
                        needed[canonicalize_name(distribution)] = str(path.relative_to(ROOT))
    return needed


def test_lock_has_only_exact_pins_in_order():
    lines = (ROOT / "envs/requirements.lock").read_text().splitlines()
    assert [line for line in lines if not LOCK_LINE.fullmatch(line)] == []
    names = [line.split("==")[0] for line in lines]
    assert names == sorted(set(names))
    assert [name for name in names if CUDA_LIBRARY.fullmatch(name)] == []


def test_project_ranges_admit_the_locked_versions():
    locked = locked_versions()
    refused = {
        str(requirement): locked.get(canonicalize_name(requirement.name))
        for requirement in direct_requirements()
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    }
    assert refused == {}


def test_lock_is_complete():
    """Whatever a locked package requires on this platform is locked too."""
    locked = locked_versions()
    missing = {
        f"{name} needs {requirement}"
        for name in locked
        for requirement in map(Requirement, metadata.requires(name) or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if not CUDA_LIBRARY.fullmatch(dependency := canonicalize_name(requirement.name)) and dependency not in locked
    }
    assert missing == set()


def test_running_interpreter_has_the_locked_versions():
    names = [canonicalize_name(requirement.name) for requirement in direct_requirements()]
    locked = locked_versions()
    installed = {name: metadata.version(name).split("+")[0] for name in names}
    assert installed == {name: locked[name] for name in names}


def test_every_conda_environment_belongs_to_a_stage():
    assert {path.stem for path in (ROOT / "envs").glob("*.yaml")} == set(STAGES)
    assert {path.name.split(".")[0] for path in (ROOT / "envs").glob("*.post-deploy.sh")} == set(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_conda_environment_has_the_locked_versions(name):
    environment, pins = conda_environment(name), pip_pins(name)
    assert environment["channels"] == ["conda-forge"]
    assert "python=3.11" in environment["dependencies"]
    assert pins == {package: locked_versions().get(package) for package in pins}


@pytest.mark.parametrize("name", STAGES)
def test_conda_environment_has_what_its_stage_imports(name):
    pins = pip_pins(name)
    needed = third_party_imports(STAGES[name])
    assert {package: path for package, path in needed.items() if package not in pins} == {}


def test_every_import_is_declared():
    declared = {canonicalize_name(requirement.name) for requirement in direct_requirements()}
    needed = third_party_imports([""])
    assert {package: path for package, path in needed.items() if package not in declared} == {}
