"""The demo project of `demo_project.py`, finished once and copied for each test."""

import shutil
from pathlib import Path

import pytest
import torch
from demo_project import DECLARED, DemoProject, declared, lay_out


def settle(patch):
    """Records tell of torch where it is loaded, its threads and this switch; tests of other folders change them."""
    torch.set_num_threads(1)
    patch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> Path:
    """The demo, committed and run once; tests work on copies."""
    root = tmp_path_factory.mktemp("finished") / "demo"
    root.mkdir()
    lay_out(root)
    demo = DemoProject(root)
    demo.git("init", "-q")
    demo.commit("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        settle(patch)
        demo.run_everything()
    return root


@pytest.fixture
def demo(finished_run, tmp_path, monkeypatch) -> DemoProject:
    """A copy of the finished demo, which is the current folder."""
    root = tmp_path / "demo"
    shutil.copytree(finished_run, root, symlinks=True)
    monkeypatch.chdir(root)
    # Tests may run a stage with other inputs, for themselves.
    monkeypatch.setattr("demo_project.DECLARED", dict(DECLARED))
    monkeypatch.setattr("prefclip.lineage.verify.declared", declared)
    settle(monkeypatch)
    return DemoProject(root)
