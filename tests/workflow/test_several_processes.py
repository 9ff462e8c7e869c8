"""Stages that torchrun starts in two processes: the same numbers, one writer, and the cause where one fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_project import MODEL, RUN

import prefclip

pytestmark = pytest.mark.slow

# Counts what each process scores, and fails in the second one if told to.
COUNTING = """
import os
from prefclip.evaluation import scoring

def counting(images, *rest, plain=scoring.np.ascontiguousarray):
    with open(f"scored.{os.environ.get('RANK', 'alone')}", "a") as stream:
        stream.write(f"{len(images)}\\n")
    if os.environ.get("RANK") == os.environ.get("FAILING"):
        raise ArithmeticError("this rank broke")
    return plain(images, *rest)

scoring.np = type("numpy", (), {**vars(scoring.np), "ascontiguousarray": staticmethod(counting)})
from prefclip.cli import main
main()
"""


def evaluate(*launcher: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `prefclip evaluate` by a launcher, and note how many images each process scores."""
    Path("counting.py").write_text(COUNTING)
    source = str(Path(prefclip.__file__).parents[1])
    return subprocess.run(
        [sys.executable, *launcher, "counting.py", "evaluate", RUN, "dpo"],
        env={**os.environ, "PYTHONPATH": source, "OMP_NUM_THREADS": "1", "FAILING": "none", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
OUTPUTS = (f"{RUN}/predictions/{MODEL}/dpo/seed0.parquet",)


@pytest.fixture
def small_batches(project):
    """The project with several batches for each process, and no evaluation yet."""
    config = Path(RUN, "config.json")
    values = json.loads(config.read_text())
    values["evaluation"]["batch_size"] = 3
    config.write_text(json.dumps(values))
    for name in OUTPUTS:
        Path(name).unlink()


def test_two_processes_score_every_image_once_and_one_writes(small_batches):
    done = evaluate(*TWO)
    assert done.returncode == 0, done.stderr
    together = [Path(name).read_bytes() for name in OUTPUTS]
    assert evaluate().returncode == 0
    assert [Path(name).read_bytes() for name in OUTPUTS] == together
    alone, first, second = (
        [int(line) for line in Path(f"scored.{rank}").read_text().split()] for rank in ("alone", "0", "1")
    )
    assert sum(first) > 0 < sum(second) and sorted(alone) == sorted(first + second)


def test_the_failing_process_is_named_as_the_cause(small_batches):
    done = evaluate(*TWO, FAILING="1")
    assert done.returncode != 0
    cause = done.stderr.partition("Root Cause (first observed failure):")[2]
    assert "rank      : 1 " in cause and "ArithmeticError: this rank broke" in cause, done.stderr
    assert not any(Path(name).exists() for name in OUTPUTS)
