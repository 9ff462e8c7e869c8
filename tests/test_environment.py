"""One set of versions: lock file, conda environment, pyproject.toml and the running interpreter agree."""

import ast
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK_LINE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.]*")
# What torch brings along differs from build to build, and torch pins it itself.
CUDA_LIBRARY = re.compile(r"triton|(cuda|nvidia)-.*")


def locked_versions() -> dict[str, str]:
    lines = (ROOT / "envs/requirements.lock").read_text().splitlines()
    return dict(line.split("==") for line in lines)


def requirements() -> dict[str, list[Requirement]]:
    """Direct requirements: of the package, and of each of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"package": project["dependencies"], **project["optional-dependencies"]}
    return {name: [Requirement(line) for line in lines] for name, lines in groups.items()}


def direct_requirements() -> list[Requirement]:
    return [each for group in requirements().values() for each in group]


def third_party_imports(*folders: str) -> dict[str, str]:
    """Distributions that the files of some folders import anywhere: name -> importing file."""
    distributions = metadata.packages_distributions()
    needed = {}
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*")):
        if path.suffix == ".py":
            modules = python_imports(path.read_text(encoding="utf-8"))
        elif path.suffix == ".smk" or path.name == "Snakefile":
            modules = re.findall(r"^(?:from|import) ([\w.]+)", path.read_text(encoding="utf-8"), re.M)
        else:
            continue
        for top in {module.split(".")[0] for module in modules} - {"prefclip"}:
            for distribution in distributions.get(top, [])[:1]:
                needed[canonicalize_name(distribution)] = str(path.relative_to(ROOT))
    return needed


def python_imports(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(node.module)
    return found


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


def test_torch_and_torchvision_are_of_one_release():
    """torchvision 0.(m + 15) is made for torch 2.m; before 0.24 it looked for Caltech101 where it no longer is."""
    floors = {
        requirement.name: min(clause.version for clause in requirement.specifier if clause.operator == ">=")
        for requirement in direct_requirements()
        if requirement.name in ("torch", "torchvision")
    }
    for versions in (floors, locked_versions()):
        torch, torchvision = (tuple(map(int, versions[name].split(".")[:2])) for name in ("torch", "torchvision"))
        assert torch[0] == 2 and torchvision == (0, torch[1] + 15)
        assert torchvision >= (0, 24)


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


def test_one_conda_environment_serves_every_rule():
    assert [path.name for path in (ROOT / "envs").glob("*.y*ml")] == ["prefclip.yaml"]
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        named = re.findall(r"^    conda:\n +\"(.+)\"$", path.read_text(), re.M)
        assert set(named) <= {"../../envs/prefclip.yaml"}, path.name
        assert len(named) == path.read_text().count("conda:"), path.name


def test_conda_environment_is_the_lock_file():
    """With a Python that the project admits and the lock was made for; a changed lock makes a new environment."""
    environment = yaml.safe_load((ROOT / "envs/prefclip.yaml").read_text())
    python, pip = environment["dependencies"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert environment["channels"] == ["conda-forge"] and pip == "pip"
    assert python.split("=")[0] == "python" and Requirement(f"python{project['requires-python']}").specifier.contains(
        python.split("=")[1]
    )
    assert f"Programming Language :: Python :: {python.split('=')[1]}" in project["classifiers"]
    script = (ROOT / "envs/prefclip.post-deploy.sh").read_text()
    checksum = subprocess.run(["cksum"], stdin=(ROOT / "envs/requirements.lock").open("rb"), capture_output=True)
    assert f"cksum of requirements.lock: {checksum.stdout.decode()}" in script
    # Where pip may not build in isolation, what builds the package has to be there.
    assert "--no-build-isolation" in script and "setuptools" in locked_versions()


def test_every_import_is_declared():
    declared = {canonicalize_name(requirement.name) for requirement in direct_requirements()}
    found = third_party_imports("src", "workflow")
    assert {package: path for package, path in found.items() if package not in declared} == {}


# Used without an import: by which text of which file.
USED_OTHERWISE = {
    "pygments": ("README.md", "snakemake --report"),  # which colours the code that it shows
    "snakemake-executor-plugin-slurm": ("slurm/config.yaml", "executor: slurm"),
    "pytest-timeout": ("pyproject.toml", "\ntimeout = "),
    "pytest-xdist": ("Makefile", "pytest --numprocesses"),
    "ruff": ("Makefile", "ruff check"),
    "snakefmt": ("Makefile", "snakefmt --check"),
}


@pytest.mark.parametrize("group", requirements())
def test_everything_declared_is_used(group):
    """What the tests alone need by these, everything else by the package or the workflow."""
    used = third_party_imports(*(("tests",) if group == "test" else ("src", "workflow")))
    declared = {canonicalize_name(requirement.name) for requirement in requirements()[group]}
    assert declared - {*used} - {*USED_OTHERWISE} == set()


@pytest.mark.parametrize("name", USED_OTHERWISE)
def test_what_is_used_without_an_import_is_used(name):
    file, text = USED_OTHERWISE[name]
    assert text in (ROOT / file).read_text(encoding="utf-8")
    assert name not in third_party_imports("src", "workflow", "tests")
