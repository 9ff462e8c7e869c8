"""`prefclip benchmark train` measures the loop itself, and counts what a run of the config costs."""

import json
import subprocess
import sys

import numpy as np
import pytest
from tiny_training import tiny_model

from prefclip.config import Config
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.training import benchmark
from prefclip.training.benchmark import benchmark_training, images_per_run
from prefclip.training.errors import TrainingError


@pytest.fixture
def config(tmp_path):
    """Of a model of 9,000 weights: 100 images, 6 batches of 16 in 2 epochs."""
    weights = tmp_path / "base.safetensors"
    save_emoji_clip(weights, tiny_model())
    return Config.model_validate(
        {
            "data": {"train_images": 100},
            "model": {"name": "emoji-clip", "weights": str(weights), "image_size": 32},
            "training": {"epochs": 2, "batch_size": 16, "micro_batch_size": 8},
            "methods": {
                "dpo": {"objective": "dpo"},
                "ce": {"objective": "ce", "averaging": False, "epochs": 1},
            },
            "seeds": [0, 1],
        }
    )


@pytest.mark.parametrize("method", ["dpo", "ce"])
def test_rate(config, tmp_path, method):
    rate = benchmark_training(config, method, seconds=1, output=tmp_path / "rate.json", threads=1)
    assert rate.images_per_second > 0 and rate.embedding_images_per_second > 0 and rate.peak_memory_mb > 0
    assert rate.slowest <= rate.images_per_second <= rate.fastest
    assert rate.batch_size == 16 and rate.steps >= 4 and rate.processes == 1
    assert rate.images_per_run == (384 if method == "dpo" else 96)
    assert rate.minutes_per_run == pytest.approx(rate.images_per_run / rate.images_per_second / 60, abs=0.01)
    assert json.loads((tmp_path / "rate.json").read_text())["trainings"] == 4
    assert "\n" not in rate.line() and f"emoji-clip, {method}, batch 16, fp32 on 1 × " in rate.line()


@pytest.mark.slow
def test_two_processes_measure_together(config, tmp_path):
    """The first one measures; the other goes on with its numbers, whatever they are."""
    path, output = tmp_path / "config.json", tmp_path / "rate.json"
    path.write_text(config.model_dump_json())
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "prefclip.cli"]
    arguments = ["benchmark", "train", "--config", path, "--seconds", "1", "--output", output]
    done = subprocess.run([sys.executable, *launcher, *arguments], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    rate = json.loads(output.read_text())
    assert rate["processes"] == 2 and rate["batch_size"] == 16 and done.stdout.count(" images/s (") == 1


def test_slow_machines_measure_a_smaller_batch(config, monkeypatch):
    """A step that would take longer than the time given is not waited for."""
    config = config.model_copy(update={"training": config.training.model_copy(update={"batch_size": 4096})})
    asked = []

    def rates(self, batch_size, steps):
        asked.append((batch_size, steps))
        return np.full(steps, 40.0)

    monkeypatch.setattr(benchmark._Bench, "rates", rates)
    rate = benchmark_training(config, "dpo", seconds=60)
    assert asked == [(16, 4), (256, 4)]
    assert rate.batch_size == 256 and rate.images_per_run == 0


def test_images_of_a_run(config):
    assert images_per_run(config, "dpo") == 2 * 6 * 16 * 2
    config = config.model_copy(update={"attack": config.attack.model_copy(update={"variants": 3})})
    assert images_per_run(config, "ce") == 18 * 16


def test_unknown_method(config):
    with pytest.raises(TrainingError, match="'ppo' is not in the config; allowed: dpo, ce"):
        benchmark_training(config, "ppo")
