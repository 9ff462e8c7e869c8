"""Fixtures that several packages' tests share."""

import resource
import subprocess
import sys
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is: tests run side by side.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Folder of a tiny world; read-only for tests."""
    from tiny_world import write_tiny_world  # here, for its imports take a second that few tests need

    return write_tiny_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def run(world, tmp_path):
    """Files of the tiny world's animals, nothing built yet."""
    from tiny_world import TinyRun, tiny_config

    return TinyRun(tmp_path / "run", tiny_config(world))


@pytest.fixture
def largest_file():
    """`with largest_file(n):` makes the system refuse files beyond n bytes, as a full disk would."""

    @contextmanager
    def limited(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.fixture
def on_disk(tmp_path):
    """`on_disk("size=64k", code)` runs Python code in a private mount of its own; DISK is the folder."""

    def run_there(options, code):
        folder = tmp_path / "disk"
        folder.mkdir(exist_ok=True)
        mount = f'mount -t tmpfs -o {options} none "$0" && exec "$1" -c "$2" "$0"'
        command = ["unshare", "--mount", "sh", "-c", f"{mount}"]
        program = f"import sys; from pathlib import Path; DISK = Path(sys.argv[1])\n{code}"
        try:
            probe = subprocess.run(
                ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0"', str(folder)], capture_output=True
            )
        except FileNotFoundError:
            pytest.skip("unshare is not installed")
        if probe.returncode:
            pytest.skip("only root may mount a disk")
        return subprocess.run([*command, str(folder), sys.executable, program], capture_output=True, text=True)

    return run_there
