"""Two gloo processes with the same global batch give the same numbers as one."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_training import train_in_process

from prefclip.models.tensor_files import read_tensors
from prefclip.training import loop
from prefclip.training.distributed import Processes
from prefclip.training.errors import TrainingError

COLUMNS = ["step", "loss", "preference", "regulariser", "margin", "reward_true", "reward_written", "lr"]


@pytest.fixture
def together(files, tmp_path):
    """`together("dpo", "folder", epochs=1)` trains in two processes; returns their exit codes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tiny_training", "prefclip.training.loop"])

    def run(method, name, kill=None, **settings):
        arguments = {"method": method, "seed": 0, "output_folder": tmp_path / name, "scratch": tmp_path / "scratch"}
        meeting_place = tmp_path / f"meeting-{name}"
        meeting_place.unlink(missing_ok=True)
        started = [
            context.Process(
                target=train_in_process,
                args=(files.folder, settings, arguments, (kill or {}) if rank == 0 else {}, rank, 2, meeting_place),
            )
            for rank in range(2)
        ]
        for process in started:
            process.start()
        for process in started:
            process.join(280)
        return [process.exitcode for process in started]

    return run


def logs(*folders):
    return [pd.read_csv(folder / "training_log.csv")[COLUMNS] for folder in folders]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("dpo", {}),
        ("kto", {"trainable": "all"}),
        ("kto_mismatched", {"micro_batch_size": 3}),
        ("ce", {"trainable": "head"}),
        ("ce_kl", {"trainable": "all", "micro_batch_size": 4}),
    ],
)
def test_losses_of_twenty_steps(tune, together, tmp_path, method, options):
    settings = {"epochs": 7, "learning_rate": 3e-4, **options}
    one = tune(method, "one", **settings)
    assert together(method, "two", **settings) == [0, 0]
    first, second = logs(one, tmp_path / "two")
    assert len(first) == 21
    assert np.allclose(first, second, rtol=0, atol=1e-5, equal_nan=True)
    tuned = [read_tensors(folder / "model.safetensors", "") for folder in (one, tmp_path / "two")]
    assert tuned[0].metadata == tuned[1].metadata
    differences = [(tuned[0].tensors[name] - tuned[1].tensors[name]).abs().flatten() for name in tuned[0].tensors]
    assert torch.cat([part.float() for part in differences]).quantile(0.99) < 1e-5


def test_one_killed_process_ends_the_other_and_two_go_on(tune, together, tmp_path):
    settings = {"epochs": 4, "checkpoint_every": 2}
    codes = together("dpo", "two", kill={"step": 7}, **settings)
    assert codes[0] == -9 and codes[1] not in (0, None)
    assert together("dpo", "two", **settings) == [0, 0]
    first, second = logs(tune("dpo", "one", **settings), tmp_path / "two")
    assert np.allclose(first, second, rtol=0, atol=1e-5)


def test_batch_that_cannot_be_divided():
    processes = Processes(1, 3, torch.device("cpu"))
    assert processes.share_of(12) == slice(4, 8)
    with pytest.raises(TrainingError, match=r"training\.batch_size: 16 pairs cannot be divided among 3 processes"):
        processes.share_of(16)


def test_torchrun_ends_the_job_with_the_failing_ranks_traceback(files, tmp_path):
    """The real launcher: rank 1 fails at its third step, and rank 0 does not wait for it."""
    script = tmp_path / "launched.py"
    script.write_text(
        f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from tiny_training import TrainingFiles
from prefclip.training import loop

plain, steps = loop.accumulate_gradients, []

def failing(*arguments):
    steps.append(1)
    if len(steps) == 3 and os.environ["RANK"] == "1":
        raise ArithmeticError("this rank broke")
    return plain(*arguments)

loop.accumulate_gradients = failing
files = TrainingFiles(Path({str(files.folder)!r}))
loop.train(files.config(), "dpo", 0, **files.inputs(), output_folder={str(tmp_path / "out")!r}, device="cpu")
"""
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    source = str(Path(loop.__file__).parents[2])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": source}
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=environment)
    assert done.returncode != 0
    assert "ArithmeticError: this rank broke" in done.stderr
    assert "This is process 1 of 2" in done.stderr
    assert not (tmp_path / "out").exists()
