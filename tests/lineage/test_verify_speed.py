"""`verify` reads files about as fast as `sha256sum` with as many processes, in memory that does not grow with them."""

import os
import resource
import shutil
import subprocess
import time

import numpy as np
import pytest
from demo_project import RUN

from prefclip.lineage.hashing import hash_files
from prefclip.lineage.verify import verify


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_as_fast_as_sha256sum(demo):
    threads, size = 2, 64 << 20
    names = [f"{RUN}/images/large{place}.npy" for place in range(6)]
    data = np.random.default_rng(0).bytes(size)
    demo.stage("manifest", [], dict.fromkeys(names, data))
    command = f"printf '%s\\n' {' '.join(names)} | xargs -n 1 -P {threads} sha256sum"
    ours, theirs = [], []
    for _ in range(5):  # in turns, because the machine may be busy
        start = time.perf_counter()
        subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
        theirs.append(time.perf_counter() - start)
        start = time.perf_counter()
        report = verify(demo.project, names, threads=threads)
        ours.append(time.perf_counter() - start)
    assert report.exit_code() == 0
    assert min(theirs) / min(ours) >= 0.8, (theirs, ours)


def test_memory_does_not_grow_with_the_files(tmp_path):
    large = tmp_path / "large.bin"
    with large.open("wb") as stream:
        stream.truncate(300 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    hash_files(lambda name: open(name, "rb", buffering=0), [str(large), os.devnull], threads=2)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if os.uname().sysname == "Darwin" else 1024) < 64 << 20
