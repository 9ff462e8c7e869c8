"""One made-up run for all tests of this folder; read-only, copy what you damage."""

import shutil

import pytest
from synthetic_run import synthetic_config, write_synthetic_run

from prefclip.run.files import RunFiles


@pytest.fixture(scope="session")
def made_up(world, tmp_path_factory):
    """(config, layout) of a run with five methods, three seeds and three data sets."""
    config = synthetic_config(world)
    return config, write_synthetic_run(tmp_path_factory.mktemp("made-up") / "results", config)


@pytest.fixture
def copied(made_up, tmp_path):
    """A copy of it."""
    config, layout = made_up
    shutil.copytree(layout.root, tmp_path / "results")
    return config, RunFiles(str(tmp_path / "results"))
