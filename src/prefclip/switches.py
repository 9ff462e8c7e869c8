"""Switches that decide whether the same run gives the same bytes, and how records of stages learn of them.

A computation sets them for its own time (`training.numerics`); once they are back as they were, nobody can tell what it
ran with. So it notes them while they are in force, and the record of its stage takes what was noted.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ENVIRONMENT = ("PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG")
_watchers: list[dict[str, object]] = []


def switches_now() -> dict[str, object]:
    """Return the switches as they are; those of torch, with its CPU threads, only where the process has loaded it."""
    found: dict[str, object] = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    torch = sys.modules.get("torch")
    if torch is not None:
        found |= {
            "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
            "matmul_precision": torch.get_float32_matmul_precision(),
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
            "cudnn_deterministic": torch.backends.cudnn.deterministic,
            "cudnn_tf32": torch.backends.cudnn.allow_tf32,
            "threads": torch.get_num_threads(),
        }
    return found


def note_switches() -> None:
    """Note the switches of now for every :func:`switches_in_force` around the caller."""
    for watcher in _watchers:
        watcher.clear()
        watcher |= switches_now()


@contextmanager
def switches_in_force() -> Iterator[dict[str, object]]:
    """Yield what will hold the switches that were in force in the block: those noted last, else those at its end."""
    found: dict[str, object] = {}
    _watchers.append(found)
    try:
        yield found
        if not found:
            found |= switches_now()
    finally:
        _watchers.pop()
