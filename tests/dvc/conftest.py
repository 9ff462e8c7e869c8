"""One tiny run, recorded and pushed, that the slow tests read and clone."""

import pytest
from cloned_repository import Repository, copy_repository


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Repository:
    """A finished tiny run whose dvc.lock is in git and whose files are in the remote; tests change nothing in it."""
    repository = copy_repository(tmp_path_factory.mktemp("recorded"), tiny=True)
    repository.run("snakemake", "--cores", "2", "all")
    repository.run("snakemake", "--cores", "2", "record")
    repository.commit()
    repository.run("dvc", "push")
    return repository


@pytest.fixture
def clone(recorded, tmp_path) -> Repository:
    """A fresh clone with a remote of its own."""
    return recorded.clone(tmp_path)
