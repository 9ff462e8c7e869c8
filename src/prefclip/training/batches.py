"""Batches of image pairs, read from memory-mapped files one step ahead of their use."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prefclip.datasets.image_stacks import open_images
from prefclip.seeds import generator_for
from prefclip.training.errors import TrainingError
from prefclip.training.pairs import PairTable
from prefclip.training.schedule import StepPlan


def open_sized_images(path: str | Path, image_size: int) -> np.ndarray:
    """Map a stack of images and check that they have the model's size.

    Raises ImageStackError for a missing or damaged file, TrainingError for images of another size.
    """
    images = open_images(path)
    height, width = images.shape[1:3]
    if (height, width) != (image_size, image_size):
        raise TrainingError(
            f"{path}: holds images of {width} × {height} pixels but model.image_size is {image_size}; make the images "
            "again at that size or change the key."
        )
    return images


@dataclass(frozen=True)
class Batch:
    """One optimizer step.

    Attributes:
        rows: positions in the pair table of the whole batch, the same in every process.
        chunks: this process's share, in micro-batches: uint8 images (2m, H, W, 3), m clean ones and then their m
            attacked twins; or the m attacked ones alone.
    """

    rows: np.ndarray
    chunks: list[np.ndarray]


@dataclass(frozen=True)
class BatchReader:
    """Knows the batch of every step from seed and step alone.

    Attributes:
        pairs, images, attacked_images: the data; images may be memory-mapped.
        plan, batch_size: length of the run and pairs per step, all processes together.
        shuffle_key: names the permutation of each epoch, together with the epoch.
        share: this process's slice of each batch.
        micro_batch_size: pairs that are read into one chunk.
        with_clean: whether the clean half is needed.
    """

    pairs: PairTable
    images: np.ndarray
    attacked_images: np.ndarray
    plan: StepPlan
    batch_size: int
    shuffle_key: tuple[object, ...]
    share: slice
    micro_batch_size: int
    with_clean: bool

    def epoch_order(self, epoch: int) -> np.ndarray:
        """The permutation of all pairs that an epoch walks through."""
        return generator_for(*self.shuffle_key, "shuffle", epoch).permutation(len(self.pairs))

    def batches(self, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of steps ``first_step`` … to the end; the next one is read while one is in use."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-batches") as executor:
            waiting = None
            for rows in self._rows(first_step):
                previous, waiting = waiting, executor.submit(self._read, rows)
                if previous is not None:
                    yield previous.result()
            if waiting is not None:
                yield waiting.result()

    def _rows(self, first_step: int) -> Iterator[np.ndarray]:
        order, order_epoch = None, None
        for step in range(first_step, self.plan.made):
            epoch, place = divmod(step, self.plan.steps_per_epoch)
            if epoch != order_epoch:
                order, order_epoch = self.epoch_order(epoch), epoch
            yield order[place * self.batch_size : (place + 1) * self.batch_size]

    def _read(self, rows: np.ndarray) -> Batch:
        mine = rows[self.share]
        starts = range(0, len(mine), self.micro_batch_size)
        return Batch(rows, [self._read_chunk(mine[start : start + self.micro_batch_size]) for start in starts])

    def _read_chunk(self, rows: np.ndarray) -> np.ndarray:
        sources = [(self.attacked_images, self.pairs.attacked_rows[rows])]
        if self.with_clean:
            sources.insert(0, (self.images, self.pairs.clean_rows[rows]))
        chunk = np.empty((len(sources) * len(rows), *self.images.shape[1:]), np.uint8)
        for index, (images, image_rows) in enumerate(sources):
            # mode="clip" writes straight into the chunk; the rows were checked when the pairs were read.
            np.take(images, image_rows, axis=0, out=chunk[index * len(rows) : (index + 1) * len(rows)], mode="clip")
        return chunk
