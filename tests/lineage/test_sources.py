"""A stage depends on the files that its command imports, however deep, and on no others."""

from pathlib import Path

import pytest

from prefclip.lineage import sources
from prefclip.lineage.project import LineageError
from prefclip.lineage.sources import PACKAGE, imported_packages, rule_sources, stage_sources

FILES = {
    "__init__.py": "",
    "errors.py": "",
    "config.py": "from prefclip.objectives import registry\n",
    "objectives/__init__.py": "",
    "objectives/registry.py": "from . import dpo\n",
    "objectives/dpo.py": "from ..errors import *\n",
    "training/__init__.py": "",
    "training/loop.py": (
        "import torch\nfrom prefclip.config import C\n\n\ndef f():\n    from prefclip.objectives.registry import x\n"
    ),
    "reporting/__init__.py": "from prefclip.reporting import style\n",
    "reporting/style.py": "",
    "reporting/figures.py": "import typing\nif typing.TYPE_CHECKING:\n    from prefclip.training import loop\n",
    "stages/models.py": (
        "from prefclip.errors import PrefclipError\nfrom prefclip.reporting.figures import draw\n\n\n"
        "def helper():\n    import prefclip.training.loop as loop\n\n\n"
        "def train():\n    helper()\n\n\n"
        "def figure():\n    draw()\n\n\n"
        "def broken():\n    from prefclip.nowhere import x\n"
    ),
}


@pytest.fixture
def package(tmp_path) -> Path:
    parse_again()
    for name, text in FILES.items():
        path = tmp_path / "prefclip" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "prefclip"


def names(package: Path, stage: str) -> list[str]:
    return [path.relative_to(package).as_posix() for path in stage_sources(stage, package)]


def test_training_depends_on_what_it_imports(package):
    expected = ["__init__.py", "errors.py", "objectives/__init__.py", "objectives/dpo.py", "objectives/registry.py"]
    assert names(package, "train") == sorted([*expected, "training/__init__.py", "training/loop.py"])


def test_figures_do_not_depend_on_training(package):
    assert names(package, "figure") == [
        "__init__.py",
        "reporting/__init__.py",
        "reporting/figures.py",
        "reporting/style.py",
    ]


def test_imports_by_a_computed_name_count_with_the_whole_package(package):
    (package / "training/loop.py").write_text("from prefclip.objectives import x\n")
    assert "objectives/dpo.py" not in names(package, "train")
    (package / "objectives/__init__.py").write_text("import importlib\nx = importlib.import_module('a' + 'b')\n")
    parse_again()
    assert {"objectives/dpo.py", "objectives/registry.py"} < set(names(package, "train"))


def test_parts_of_pages_count_with_their_package(package):
    parts = package / "objectives/templates"
    parts.mkdir()
    for name in ("page.html", "look.css", "page.js", "notes.txt"):
        (parts / name).write_text("x")
    (package / "training/loop.py").write_text("from prefclip.objectives import x\n")
    found = {name for name in names(package, "train") if "templates" in name}
    assert found == {f"objectives/templates/{name}" for name in ("page.html", "look.css", "page.js")}


def parse_again() -> None:
    """Forget what was parsed: only tests change files under a running process."""
    for cached in (sources._parse, sources._prefclip_imports, sources._imports_by_name):
        cached.cache_clear()


def test_unknown_stage_and_missing_module(package):
    with pytest.raises(LineageError, match="allowed: helper, train, figure, broken"):
        stage_sources("paint", package)
    with pytest.raises(LineageError, match="do not exist"):
        stage_sources("broken", package)


def test_packages_are_found_by_import(package):
    assert "torch" in imported_packages(stage_sources("train", package))
    assert imported_packages(stage_sources("figure", package)) == {}


def test_real_stages():
    """In the package itself, a change of a figure or a table never touches training or evaluation."""
    root = PACKAGE.parents[1]
    for stage in ("manifest", "attacks", "pairs", "train", "evaluate"):
        files = rule_sources(stage, root)
        assert files == sorted(files) and all((root / name).is_file() for name in files)
        assert not [name for name in files if "/reporting/" in name or "/lineage/" in name or "/stages/" in name]
    assert "src/prefclip/objectives/dpo.py" in rule_sources("train", root)
    assert not [name for name in rule_sources("manifest", root) if "/objectives/" in name or "/training/" in name]
    assert [name for name in rule_sources("figure", root) if "/reporting/" in name]
