"""One run for all tests of this folder that score; read-only, copy what you damage."""

import pytest
from scored_run import write_scored_run


@pytest.fixture(scope="session")
def made(world, tmp_path_factory):
    """(config, layout) of it."""
    return write_scored_run(world, tmp_path_factory.mktemp("evaluated"))
