"""A finished run, and copies of it that tests may damage."""

import shutil

import pytest


@pytest.fixture(scope="session")
def finished(world, tmp_path_factory):
    """Folder of a tiny project with all stages done; read-only for tests."""
    from tiny_project import run_all_stages, write_tiny_project  # here, for it imports torch

    folder = write_tiny_project(tmp_path_factory.mktemp("finished"), world)
    run_all_stages(folder)
    return folder


@pytest.fixture
def project(finished, tmp_path, monkeypatch):
    """A copy of it as the current folder."""
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def refused(capsys):
    """`refused("table", "results/tiny", "x")` gives a command that must fail, change nothing and say why in one line.

    Returns that line without the leading name.
    """
    from tiny_project import contents, prefclip

    def give(*arguments):
        before = contents()
        capsys.readouterr()
        code = prefclip(*arguments)
        said = capsys.readouterr()
        assert code == 1 and said.out == "", said
        assert said.err.startswith("prefclip: ") and said.err.endswith("\n") and said.err.count("\n") == 1, said.err
        after = contents()
        assert sorted(set(after) - set(before)) == [], "something was left"
        assert [name for name in before if after.get(name) != before[name]] == [], "something changed"
        return said.err.removeprefix("prefclip: ").rstrip("\n")

    return give
