"""A half-written leaf is one sentence that names its file."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prefclip.leaves import LeafError, leaf_names, read_leaf, shown_leaf

ROOT = Path(__file__).resolve().parents[1]
HALF_WRITTEN = {
    "def (": r"SyntaxError \(line 1: ",
    "LOSS = 1 / 0": r"ZeroDivisionError \(division by zero\)",
    "import nothing_like_it": "ModuleNotFoundError",
    "LOSS = undefined": "NameError",
    "": "LOSS is missing or no dict",
    "LOS = {}": "LOSS is missing or no dict",
    "LOSS = 3": "LOSS is missing or no dict",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty package of leaves, importable by its name."""
    folder = tmp_path / f"leaves_{tmp_path.name.lower()}"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "base.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.mark.parametrize("text", HALF_WRITTEN)
def test_a_half_written_leaf(package, text):
    (package / "wip.py").write_text(text)
    with pytest.raises(LeafError, match=rf"^src/{package.name}/wip\.py: {HALF_WRITTEN[text]}") as raised:
        read_leaf(package.name, "wip", {"LOSS": dict})
    assert "\n" not in str(raised.value) and str(raised.value).endswith(".")


@pytest.mark.parametrize("lacking", ["ORDER", "GROUP", "CAPTION", "applies", "reads", "settings", "draw"])
def test_a_figure_that_lacks_something(package, lacking):
    held = {"ORDER": "1", "GROUP": "'main'", "CAPTION": "'x'"}
    held |= dict.fromkeys(("applies", "reads", "settings", "draw"), "print")
    (package / "whole.py").write_text("\n".join(f"{name} = {value}" for name, value in held.items()))
    assert shown_leaf(package.name, "whole", "draw", CAPTION=str).ORDER == 1
    (package / "wip.py").write_text("\n".join(f"{name} = {value}" for name, value in held.items() if name != lacking))
    with pytest.raises(LeafError, match=f"{lacking} is missing or no "):
        shown_leaf(package.name, "wip", "draw", CAPTION=str)


def test_leaves_are_found_by_name(package):
    for name in ("two", "one"):
        (package / f"{name}.py").write_text("")
    assert leaf_names(package.name, shared=("base",)) == ("one", "two")


@pytest.mark.parametrize(
    ("file", "used"),
    [("reporting/figures/wip", {}), ("objectives/wip", {"objective": "wip"}), ("methods/wip", {"kind": "wip"})],
)
def test_a_plan_says_so_in_one_sentence(tmp_path, file, used):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("workflow", "Snakefile", "resources"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / f"src/prefclip/{file}.py").write_text("def (")
    (tmp_path / "wip.yaml").write_text(json.dumps({"methods": {"mine": used or {"objective": "dpo"}}}))
    command = [Path(sys.executable).with_name("snakemake"), "-n", "--configfile", "wip.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert answer.returncode != 0 and "Traceback" not in answer.stderr
    (said,) = [line for line in answer.stderr.splitlines() if "wip.py" in line]
    assert f"src/prefclip/{file}.py: SyntaxError (line 1: invalid syntax); correct the file, or remove it" in said
