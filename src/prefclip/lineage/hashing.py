"""sha256 of many files: in blocks, so that memory stays flat, and in threads, which hashlib lets run in parallel."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

from prefclip.files import HASH_BLOCK_BYTES
from prefclip.lineage.project import FileProblem

_buffers = threading.local()
Opener = Callable[[str], BinaryIO]


@dataclass(frozen=True, slots=True)
class FileHash:
    """What a file is now. ``problem`` is empty, or why there is no hash (see :class:`FileProblem`)."""

    sha256: str = ""
    size: int = -1
    problem: str = ""
    message: str = ""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_plainly(path: str) -> BinaryIO:
    """Open a file that the user named, wherever it is and through whatever links."""
    return open(path, "rb", buffering=0)


def hash_file(opener: Opener, name: str) -> FileHash:
    """Hash one file, opened by ``opener`` (``project.open`` or ``open_plainly``); raises nothing, whatever it is."""
    if not hasattr(_buffers, "block"):
        _buffers.block = memoryview(bytearray(HASH_BLOCK_BYTES))
    block, digest, size = _buffers.block, hashlib.sha256(), 0
    try:
        with opener(name) as stream:
            while count := stream.readinto(block):
                digest.update(block[:count])
                size += count
    except FileProblem as problem:
        return FileHash(problem=problem.kind, message=str(problem))
    except FileNotFoundError:
        return FileHash(problem="missing", message="is missing")
    except OSError as error:
        return FileHash(problem="unreadable", message=f"cannot be read ({error.strerror})")
    return FileHash(digest.hexdigest(), size)


def hash_files(opener: Opener, names: Iterable[str], threads: int | None = None) -> dict[str, FileHash]:
    """Hash every file once, with as many ``threads`` as there are cores unless told. Keeps the order of ``names``."""
    names = list(dict.fromkeys(names))
    threads = threads or usable_cores()
    if threads == 1 or len(names) < 2:
        return {name: hash_file(opener, name) for name in names}
    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(names, pool.map(lambda name: hash_file(opener, name), names), strict=True))
