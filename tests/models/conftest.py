"""A small ViT beside the embedded model."""

import pytest
from tiny_training import add_tiny_vit


@pytest.fixture(scope="session")
def tiny_vit(tmp_path_factory):
    """Name of a small architecture that open_clip knows during the tests."""
    return add_tiny_vit(tmp_path_factory.mktemp("architectures"))
