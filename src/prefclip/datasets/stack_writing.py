"""Drawing images into a stack, a few megabytes at a time, with any number of processes."""

import errno
import multiprocessing
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from prefclip.datasets.image_stacks import ImageStackError, sha256_of_image

CHUNK_BYTES = 8 * 1024 * 1024

# Pixels of the image in a row, and its further columns.
Draw = Callable[[int], tuple[np.ndarray, dict]]


def write_images(
    path: Path, count: int, size: tuple[int, int], draw: Draw, schema: pa.Schema, workers: int = 1
) -> pa.Table:
    """Draw ``count`` images of ``size`` (height, width) into a new stack; return row, sha256 and ``schema`` of each.

    ``path`` is the temporary name of a whole file. Each image is a function of its row alone, so that bytes do not
    depend on ``workers``; more than one worker needs a picklable ``draw``. Rows go through file writes, since a full
    disk under a writable memory map would kill the process.

    Raises OSError where the file cannot be written, ImageStackError for ``workers`` below 1 and where one died.
    """
    if workers < 1:
        raise ImageStackError(f"workers: at least 1 process has to draw, got {workers}.")
    image_bytes = size[0] * size[1] * 3
    free = shutil.disk_usage(path.parent).free
    if count * image_bytes > free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    with path.open("wb") as stream:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, *size, 3)}
        np.lib.format.write_array_header_1_0(stream, header)
        offset = stream.tell()
    full_schema = pa.schema([("row", pa.int64()), ("sha256", pa.string()), *schema])
    writer = _ChunkWriter(str(path), offset, size, draw, full_schema)
    step = max(1, CHUNK_BYTES // image_bytes)
    chunks = [range(first, min(first + step, count)) for first in range(0, count, step)]
    workers = min(workers, len(chunks))
    if workers <= 1:
        batches = [writer.write(rows) for rows in chunks]
    else:
        batches = _write_with_workers(writer, chunks, workers)
    return pa.Table.from_batches(batches, schema=full_schema)


@dataclass(frozen=True)
class _ChunkWriter:
    path: str
    offset: int
    size: tuple[int, int]
    draw: Draw
    schema: pa.Schema

    def write(self, rows: range) -> pa.RecordBatch:
        block = np.empty((len(rows), *self.size, 3), np.uint8)
        records = []
        for place, row in enumerate(rows):
            pixels, columns = self.draw(row)
            if pixels.shape != block.shape[1:] or pixels.dtype != np.uint8:
                raise ImageStackError(
                    f"row {row}: expected uint8 {block.shape[1:]}, got {pixels.dtype} {pixels.shape}."
                )
            block[place] = pixels
            records.append({"row": row, "sha256": sha256_of_image(block[place]), **columns})
        with open(self.path, "r+b") as stream:
            stream.seek(self.offset + rows.start * block[0].nbytes)
            stream.write(block)
        return pa.RecordBatch.from_pylist(records, schema=self.schema)


def _write_with_workers(writer: _ChunkWriter, chunks: list[range], workers: int) -> list[pa.RecordBatch]:
    # Fresh processes: a forked one may hang when the parent has threads, as torch's.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(writer,)) as pool:
            return list(pool.map(_write_in_worker, chunks))
    except BrokenProcessPool as error:
        raise ImageStackError(
            "a worker process died while drawing images, probably for lack of memory; use fewer workers."
        ) from error


_worker_state: dict[str, _ChunkWriter] = {}


def _start_worker(writer: _ChunkWriter) -> None:
    _worker_state["writer"] = writer


def _write_in_worker(rows: range) -> pa.RecordBatch:
    return _worker_state["writer"].write(rows)
