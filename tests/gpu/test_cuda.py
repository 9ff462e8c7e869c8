"""Training and evaluation on a CUDA GPU: the CPU's numbers, the same bytes again, resumed runs, several processes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_training import TrainingFiles, write_training_files

from prefclip.config import Config
from prefclip.models.image_tower import embed_images
from prefclip.models.loading import load_model
from prefclip.training import loop
from prefclip.training.errors import TrainingInterrupted
from prefclip.training.loop import train
from prefclip.training.reference import cache_reference

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU, which this machine has not"),
    pytest.mark.timeout(600),
]
PAIRS, SIDE, BATCH, STEPS = 32, 224, 16, 20
COLUMNS = ["loss", "preference", "regulariser", "margin"]
# Largest difference of a logged term from float32 on a CPU within STEPS steps.
BOUNDS = {"fp32": 1e-4, "tf32": 5e-3, "bf16": 5e-2}


class Bench:
    """Made-up pairs for the paper's ViT-B/32 with one and the same random start."""

    def __init__(self, folder):
        self.files = TrainingFiles(folder)

    def config(self, **training):
        shared = {"batch_size": BATCH, "epochs": STEPS * BATCH // PAIRS, "learning_rate": 2e-5, "drop_last_batches": 0}
        return Config.model_validate(
            {
                "data": {"train": "animals"},
                "model": {"name": "ViT-B-32-quickgelu", "weights": "random", "image_size": SIDE},
                "training": {**shared, **training},
                "methods": {"dpo": {"objective": "dpo"}},
            }
        )

    def reference(self, device, **training):
        config, files = self.config(**training), self.files
        path = files.folder / f"reference-{device}-{config.training.precision}.safetensors"
        if not path.exists():
            cache_reference(config, files.preferences, files.images, files.attacked_images, path, device=device)
        return path

    def tune(self, name, device=None, **training):
        """Train on ``device``; without one, as a process of torchrun."""
        folder = self.files.folder
        inputs = self.files.inputs() | {"reference": self.reference(device or "cuda", **training)}
        places = {"output_folder": folder / name, "scratch": folder / "scratch"}
        train(self.config(**training), "dpo", 0, **inputs, **places, device=device)
        return folder / name


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(write_training_files(tmp_path_factory.mktemp("cuda"), PAIRS, SIDE).folder)


@pytest.fixture(scope="module")
def of_the_cpu(bench):
    return logged(bench.tune("cpu", "cpu"))


def logged(folder):
    return pd.read_csv(folder / "training_log.csv")[COLUMNS].to_numpy()


def weights(folder):
    return [(folder / f"{name}.safetensors").read_bytes() for name in ("model", "averaged")]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("precision", BOUNDS)
def test_twenty_steps_are_the_cpus(bench, of_the_cpu, precision, compiled):
    found = logged(bench.tune(f"{precision}-{compiled}", "cuda", precision=precision, compile=compiled))
    assert len(found) == STEPS
    assert np.abs(found - of_the_cpu).max() <= BOUNDS[precision]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_same_run_gives_the_same_bytes(bench, precision):
    first, second = (bench.tune(f"{precision}-{name}", "cuda", precision=precision) for name in ("once", "again"))
    assert weights(first) == weights(second)


def test_an_interrupted_run_goes_on_to_the_same_bytes(bench, monkeypatch):
    whole = weights(bench.tune("whole", "cuda"))
    plain = loop.StopRequests.take
    steps = iter(range(STEPS))
    monkeypatch.setattr(loop.StopRequests, "take", lambda self: loop.Request.STOP if next(steps) == 7 else plain(self))
    with pytest.raises(TrainingInterrupted, match="step 8 of 20"):
        bench.tune("parts", "cuda")
    monkeypatch.undo()
    assert weights(bench.tune("parts", "cuda")) == whole


def test_two_processes_share_one_gpu(bench, of_the_cpu):
    """NCCL wants a GPU for each process; with fewer they talk by gloo."""
    bench.reference("cuda")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", __file__, bench.files.folder]
    visible = os.environ | {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]}
    visible["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run([sys.executable, *launcher], capture_output=True, text=True, env=visible)
    assert done.returncode == 0, done.stderr
    assert np.abs(logged(bench.files.folder / "two") - of_the_cpu).max() <= BOUNDS["fp32"]


def test_embeddings_are_the_cpus(bench):
    images = np.load(bench.files.images)
    model = bench.config().model
    on_cpu, on_gpu = (embed_images(load_model(model, torch.device(name)), images, 16) for name in ("cpu", "cuda"))
    assert float((on_cpu - on_gpu).abs().max()) <= 1e-5


if __name__ == "__main__":
    Bench(Path(sys.argv[1])).tune("two")
