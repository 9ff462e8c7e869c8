"""The demo project of `demo_project.py`, finished once and copied for each test."""

import os
import shutil
from pathlib import Path

import pytest
from demo_project import DemoProject, lay_out


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> Path:
    """The demo, committed and run once; tests work on copies."""
    root = tmp_path_factory.mktemp("finished") / "demo"
    root.mkdir()
    lay_out(root)
    demo, here = DemoProject(root), os.getcwd()
    demo.git("init", "-q")
    demo.commit("first")
    os.chdir(root)
    try:
        demo.run_everything()
    finally:
        os.chdir(here)
    return root


@pytest.fixture
def demo(finished_run, tmp_path, monkeypatch) -> DemoProject:
    """A copy of the finished demo, which is the current folder."""
    root = tmp_path / "demo"
    shutil.copytree(finished_run, root, symlinks=True)
    monkeypatch.chdir(root)
    return DemoProject(root)
