"""Inputs of training, made once."""

import pytest
import torch
from tiny_training import add_tiny_vit, write_training_files

from prefclip.training.loop import train
from prefclip.training.reference import cache_reference


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Equal bytes are promised for an equal number of threads; one is the fastest for tiny tensors."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Training files with their reference cache; read-only for tests."""
    files = write_training_files(tmp_path_factory.mktemp("training"))
    cache_reference(files.config(), files.preferences, files.images, files.attacked_images, files.reference, threads=1)
    return files


@pytest.fixture
def tune(files, tmp_path):
    """`tune("dpo", "folder", epochs=1)` trains with those settings and returns the folder of the results."""

    def run(method, name, seed=0, inputs=None, **training):
        train(
            files.config(**training),
            method,
            seed,
            **{**files.inputs(), **(inputs or {})},
            output_folder=tmp_path / name,
            scratch=tmp_path / "scratch",
            device="cpu",
            threads=1,
        )
        return tmp_path / name

    return run


@pytest.fixture(scope="session")
def tiny_vit(tmp_path_factory):
    """Name of a small architecture that open_clip knows during the tests."""
    return add_tiny_vit(tmp_path_factory.mktemp("architectures"))
