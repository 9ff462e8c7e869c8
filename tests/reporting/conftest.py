"""One made-up run for all tests of this folder; read-only, copy what you damage."""

import pytest
from figure_checks import copy_of
from synthetic_run import synthetic_config, write_synthetic_run
from whole_run import whole_config, write_whole_run


@pytest.fixture(scope="session")
def made_up(world, tmp_path_factory):
    """(config, layout) of a run with five methods, three seeds and three data sets."""
    config = synthetic_config(world)
    return config, write_synthetic_run(tmp_path_factory.mktemp("made-up") / "results", config)


@pytest.fixture(scope="session")
def whole(world, tmp_path_factory):
    """(config, layout) of a run that has every figure but the photographs."""
    config = whole_config(world)
    return config, write_whole_run(tmp_path_factory.mktemp("whole") / "results", config)


@pytest.fixture
def copied(made_up, tmp_path):
    """A copy of it."""
    return copy_of(made_up, tmp_path)
