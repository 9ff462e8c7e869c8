"""One tiny run, made by DVC's milestones, recorded and pushed, that the slow tests read and clone."""

import pytest
from cloned_repository import Repository, copy_repository


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Repository:
    """A finished tiny run whose dvc.lock is in git and whose files are in the remote; tests change nothing in it."""
    repository = copy_repository(tmp_path_factory.mktemp("recorded"), tiny=True)
    repository.run("dvc", "repro")
    assert "Nothing to be done" in repository.says("snakemake", "--dry-run", "all"), "all of it has a milestone"
    (repository.root.parent / "repro.lock").write_bytes(repository.path("dvc.lock").read_bytes())
    repository.path("dvc.lock").unlink()
    repository.run("snakemake", "--cores", "2", "record")
    repository.commit()
    repository.run("dvc", "push")
    return repository


@pytest.fixture
def clone(recorded, tmp_path) -> Repository:
    """A fresh clone with a remote of its own."""
    return recorded.clone(tmp_path)
