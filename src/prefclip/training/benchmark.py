"""How fast this machine really trains a config's model: `prefclip train` itself, for a minute, on made-up images.

What is timed is the loop of :mod:`prefclip.training.loop` with all it does: reading, preprocessing, forward, loss,
backward, optimizer, averaging, log. The pixels are noise, because a rate does not depend on them.
"""

import math
import os
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import islice, product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from torch.utils.flop_counter import FlopCounterMode

from prefclip.config import RANDOM, Config
from prefclip.config.sweeps import SweepsConfig
from prefclip.datasets.card import dataset_card
from prefclip.datasets.class_lists import ClassList, write_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.own_folders import own_cards
from prefclip.datasets.parquet_tables import write_table
from prefclip.files import write_json
from prefclip.models.image_tower import embed_images, image_tower
from prefclip.models.loading import load_model
from prefclip.models.trainable import select_trainable
from prefclip.models.weight_files import looks_like_file
from prefclip.objectives import objective
from prefclip.run.plan import trained_runs
from prefclip.training.distributed import Processes, joined_processes
from prefclip.training.errors import TrainingError
from prefclip.training.loop import train
from prefclip.training.numerics import declared_numerics
from prefclip.training.reference import cache_reference
from prefclip.training.run_identity import method_settings
from prefclip.training.training_log import SPEED_COLUMNS

# Different images kept on disk; pairs walk through them again and again.
LARGEST_STACK_BYTES = 512 * 1024**2
FIRST_BATCH = 16
FEWEST_STEPS = 4
CLASSES = 100


@dataclass(frozen=True)
class TrainingRate:
    """What was measured, and on what; what the config has comes last.

    ``batch_size`` is smaller than the config's where a step of those takes too long. Images per second are the median
    over ``steps``, the first left out, of all processes; slowest and fastest the 10 % quantiles; embedding is the
    forward pass alone in one process, in fp32. ``gflop_per_image`` counts the products of one forward and backward
    pass; the shares are of what the device's own matrix product reaches in that precision. Memory is the GPU's, or the
    process's where there is none.
    """

    model: str
    method: str
    precision: str
    compiled: bool
    batch_size: int
    device: str
    processes: int
    steps: int
    images_per_second: float
    slowest: float
    fastest: float
    embedding_images_per_second: float
    gflop_per_image: float
    share_of_peak: float
    embedding_share_of_peak: float
    peak_memory_mb: int
    images_per_run: int
    minutes_per_run: float
    trainings: int
    software: dict[str, str]

    def line(self) -> str:
        return (
            f"{self.model}, {self.method}, batch {self.batch_size}, {self.precision}"
            f"{', compiled' if self.compiled else ''} on {self.processes} × {self.device}: "
            f"{self.images_per_second:,.0f} images/s ({self.slowest:,.0f}–{self.fastest:,.0f}, {self.steps} steps), "
            f"{self.share_of_peak:.0%} of a matrix product's rate; "
            f"{self.embedding_images_per_second:,.0f} embedded/s, {self.peak_memory_mb / 1024:.1f} GB; one training of "
            f"{self.images_per_run:,} images takes {self.minutes_per_run:,.1f} min, the config has {self.trainings}"
        )


def benchmark_training(
    config: Config, method: str, seconds: float = 60, output: str | Path | None = None, threads: int | None = None
) -> TrainingRate:
    """Train for about ``seconds`` and say how fast that was; under torchrun with all its processes.

    Raises TrainingError for a method that the config does not have, and for a GPU that runs out of memory.
    """
    settings = method_settings(config, method)
    halves = 2 if objective(settings.objective, **settings.parameters).needs_clean_images else 1
    # Joined once: gloo refuses to be joined again by processes that have left it.
    with tempfile.TemporaryDirectory(prefix="prefclip-benchmark-") as folder, joined_processes() as processes:
        device = processes.device
        bench = _Bench(config, method, Path(folder), threads, processes)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        try:
            batch_size, first = bench.fitting_batch(seconds)
            steps = min(1000, max(FEWEST_STEPS, int(seconds * first / (batch_size * halves))))
            rates = bench.rates(batch_size, steps)
            embedding = bench.embedding_rate()
            forward, both = bench.flops_of_an_image()
            peaks = {kind: bench.matrix_product_rate(kind) for kind in {config.training.precision, "fp32"}}
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f"training.batch_size: {settings.batch_size} pairs do not fit the memory of "
                f"{_device_name(device)}; set training.micro_batch_size to a quarter of it or less (same numbers)."
            ) from error
    images = images_per_run(config, method)
    median = float(np.median(rates))
    rate = TrainingRate(
        model=config.model.name,
        method=method,
        precision=config.training.precision,
        compiled=config.training.compile,
        batch_size=batch_size,
        device=_device_name(device),
        processes=processes.size,
        steps=len(rates),
        images_per_second=round(median, 1),
        slowest=round(float(np.quantile(rates, 0.1)), 1),
        fastest=round(float(np.quantile(rates, 0.9)), 1),
        embedding_images_per_second=round(embedding, 1),
        gflop_per_image=round(both / 1e9, 3),
        share_of_peak=round(median / processes.size * both / peaks[config.training.precision], 3),
        embedding_share_of_peak=round(embedding * forward / peaks["fp32"], 3),
        peak_memory_mb=_peak_memory_mb(device),
        images_per_run=images,
        minutes_per_run=round(images / median / 60, 2),
        trainings=len(trained_runs(config)),
        software={"torch": str(torch.__version__), "cuda": str(torch.version.cuda), "python": sys.version.split()[0]},
    )
    if output is not None and os.environ.get("RANK", "0") == "0":
        write_json(output, asdict(rate))
    return rate


def images_per_run(config: Config, method: str) -> int:
    """Images that one training of the config goes through: epochs × ⌊N / B⌋ × B, clean and attacked ones."""
    settings = method_settings(config, method)
    halves = 2 if objective(settings.objective, **settings.parameters).needs_clean_images else 1
    return settings.epochs * steps_per_epoch(config, method) * settings.batch_size * halves


def training_images(config: Config) -> int:
    """Images of the training split that a run reads, as published or configured."""
    card = dataset_card(config.data.train, own_cards(config))
    if card.obtained == "shipped":
        return config.data.train_images
    images = card.splits.get("train") or 0
    if config.reading.splits == "released":
        images = int(card.released_train_fraction * images)
    return min(images, config.reading.max_images or images)


def steps_per_epoch(config: Config, method: str) -> int:
    """Full batches of pairs in one epoch of a method."""
    images, settings = training_images(config), method_settings(config, method)
    pairs = min(images, settings.max_train_images or images) * (settings.words or config.attack.variants)
    return max(0, pairs // settings.batch_size - config.training.drop_last_batches)


class _Bench:
    """Made-up inputs of a training in a folder, and training runs over them."""

    def __init__(self, config: Config, method: str, folder: Path, threads: int | None, processes: Processes):
        weights = config.model.weights
        base = config.model.model_copy(update={"weights": weights if looks_like_file(weights) else RANDOM})
        self.config, self.method, self.folder = config.model_copy(update={"model": base}), method, folder
        self.threads, self.processes = threads, processes
        self.images, self.attacked = folder / "images.npy", folder / "attacked.npy"
        self.wanted = method_settings(config, method).batch_size
        size = config.model.image_size
        self.count = max(FIRST_BATCH, min(self.wanted * 4, LARGEST_STACK_BYTES // (6 * size * size)))
        generator = np.random.default_rng(0)
        for path in (self.images, self.attacked):
            np.save(path, generator.integers(0, 256, (self.count, size, size, 3), np.uint8))
        # Words of the template, so that the small vocabulary of emoji-clip has them.
        names = tuple(map(" ".join, islice(product(("photo", "of", "a"), repeat=5), CLASSES)))
        write_classes(folder / "classes.json", ClassList(config.data.train, "train", names, "a photo of a {}."))

    def fitting_batch(self, seconds: float) -> tuple[int, float]:
        """The config's batch, or the largest of which FEWEST_STEPS fit the time; and a first guess of the rate."""
        wanted, processes = self.wanted, self.processes.size
        small = min(wanted, FIRST_BATCH * processes)
        rate = float(np.median(self.rates(small, FEWEST_STEPS)))
        largest = rate * seconds / (2 * FEWEST_STEPS)
        if wanted <= largest:
            return wanted, rate
        halvings = math.ceil(math.log2(wanted / max(largest, small)))
        return max(small, wanted // 2**halvings // processes * processes), rate

    def rates(self, batch_size: int, steps: int) -> np.ndarray:
        """Train ``steps`` steps and one more before them; returns the images per second of each."""
        pairs = batch_size * (steps + 1)
        rows = np.arange(pairs) % self.count
        labels = np.arange(pairs) % CLASSES
        columns = {
            "id": [f"image-{row:06d}" for row in rows],
            "row": rows,
            "attacked_row": rows,
            "split": ["train"] * pairs,
            "preferred_label": labels,
            "rejected_label": (labels + 1) % CLASSES,
        }
        table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
        preferences, reference = self.folder / "preferences.parquet", self.folder / "reference.safetensors"
        write_table(preferences, table)
        shortened = self.config.training.model_copy(update={"drop_last_batches": 0, "max_train_images": None})
        short = {"epochs": 1, "batch_size": batch_size, "max_train_images": None, "words": None}
        methods = {self.method: method_settings(self.config, self.method).model_copy(update=short)}
        config = self.config.model_copy(update={"training": shortened, "methods": methods, "sweeps": SweepsConfig()})
        stacks = (self.images, self.attacked)
        cache_reference(config, preferences, *stacks, reference, threads=self.threads)
        classes, output = self.folder / "classes.json", self.folder / "output"
        train(config, self.method, 0, preferences, *stacks, classes, reference, output, threads=self.threads)
        speed = output / "speed.csv"  # the first process writes it; all go on with what it measured
        measured = pd.read_csv(speed)[SPEED_COLUMNS[-1]].to_numpy()[1:] if speed.exists() else np.zeros(steps)
        return self.processes.joined_rows(torch.tensor(measured)).numpy()

    def embedding_rate(self) -> float:
        """Images per second of the frozen model; the second pass counts."""
        loaded = load_model(self.config.model, self.processes.device)
        images = open_images(self.images)[: self.config.evaluation.batch_size * 4]
        with declared_numerics("fp32", self.threads):
            for _ in range(2):
                started = time.perf_counter()
                embed_images(loaded, images, self.config.evaluation.batch_size)
                taken = time.perf_counter() - started
        return len(images) / taken

    def flops_of_an_image(self) -> tuple[int, int]:
        """Of one forward pass, and of a forward and backward pass to what the method trains."""
        device = self.processes.device
        loaded = load_model(self.config.model, device)
        select_trainable(loaded.model, method_settings(self.config, self.method).trainable)
        with FlopCounterMode(display=False) as counter:
            embedded = image_tower(loaded.model)(loaded.preprocess(open_images(self.images)[:1], device))
            forward = counter.get_total_flops()
            embedded.sum().backward()
        return forward, counter.get_total_flops()

    def matrix_product_rate(self, precision: str) -> float:
        """FLOP/s of a large product of random matrices in ``precision``: what a step is measured against."""
        device = self.processes.device
        size = 8192 if device.type == "cuda" else 1024
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        left, right = torch.randn(2, size, size, generator=torch.Generator().manual_seed(0)).to(device, kind)
        taken = []
        with declared_numerics(precision, self.threads):
            for _ in range(8):
                started = time.perf_counter()
                (left @ right)[0, 0].item()  # waits for the device
                taken.append(time.perf_counter() - started)
        return 2 * size**3 / float(np.median(taken[3:]))


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({torch.get_num_threads()} threads)"


def _peak_memory_mb(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device) / 1024**2)
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
