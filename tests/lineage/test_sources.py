"""A step depends on the files that it imports, however deep, and on no others."""

from pathlib import Path

import pytest

from prefclip.config import read_config
from prefclip.lineage import sources
from prefclip.lineage.sources import PACKAGE, imported_packages, source_closure
from prefclip.run.steps import step_class, step_names

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
    "run/steps/train.py": "def train():\n    import prefclip.training.loop as loop\n",
    "run/steps/figure.py": "from prefclip.reporting.figures import draw\n",
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
    return [path.relative_to(package).as_posix() for path in source_closure([f"prefclip.run.steps.{stage}"], package)]


def test_training_depends_on_what_it_imports(package):
    expected = ["__init__.py", "objectives/__init__.py", "objectives/dpo.py", "objectives/registry.py"]
    expected += ["run/steps/train.py"]
    assert names(package, "train") == sorted([*expected, "training/__init__.py", "training/loop.py"])


def test_figures_do_not_depend_on_training(package):
    assert names(package, "figure") == [
        "__init__.py",
        "reporting/__init__.py",
        "reporting/figures.py",
        "reporting/style.py",
        "run/steps/figure.py",
    ]


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
    for cached in (sources._imports, sources._prefclip_imports):
        cached.cache_clear()


def test_packages_are_found_by_import(package):
    assert "torch" in imported_packages(source_closure(["prefclip.run.steps.train"], package))
    assert imported_packages(source_closure(["prefclip.run.steps.figure"], package)) == {}


def test_what_a_record_holds_as_values_is_in_no_closure(package):
    """The configuration, names of files, the lineage; but the step's own module is."""
    for name in (
        "config/experiment.py",
        "lineage/record.py",
        "run/files.py",
        "run/__init__.py",
        "run/steps/__init__.py",
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    (package / "config.py").unlink()
    (package / "run/steps/train.py").write_text(
        "from prefclip.config import experiment\nfrom prefclip.lineage import record\nfrom prefclip.run import files\n"
    )
    found = source_closure(["prefclip.run.steps.train"], package)
    assert [path.relative_to(package).as_posix() for path in found] == ["__init__.py", "run/steps/train.py"]


def test_steps_depend_on_what_makes_them_and_on_nothing_behind_them():
    """A change of a figure or a table never touches training or evaluation, one of a loss no other loss."""
    config = read_config(PACKAGE.parents[1] / "config/embedded.yaml")
    for step in step_names():
        for job in step_class(step).jobs(config):
            names = [name.removeprefix("src/prefclip/") for name in job.code]
            assert f"run/steps/{step}.py" in names
            assert not [name for name in names if name.startswith(("lineage/", "config", "cli.py"))], step
            if step == "choose":  # it reads trials as their table does, and nothing that shows them
                assert not [name for name in names if name.startswith(("reporting/tables", "reporting/figures"))]
            elif step not in ("table", "figure", "summary", "judge_claims", "report"):
                assert not [name for name in names if name.startswith("reporting/")], step
            if step in ("fetch", "manifest", "attacks", "ink", "pairs"):
                assert not [name for name in names if name.startswith(("objectives/", "training/", "evaluation/"))]
