"""Precision and determinism, set in one place for the time of a run."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from prefclip.switches import note_switches

CUBLAS, REPEATABLE = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"


@contextmanager
def declared_numerics(precision: str, threads: int | None = None) -> Iterator[None]:
    """Run with deterministic algorithms and the declared precision; what was set before comes back afterwards.

    What is in force in between is noted for the lineage record.

    fp32 computes every product in float32. tf32 lets matrix products and convolutions on a GPU round their inputs to 10
    bits. bf16 is :func:`tower_precision`'s business and leaves the rest in float32.
    """
    allows_tf32 = precision == "tf32"
    settings = torch.backends.cudnn
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
        torch.get_float32_matmul_precision(),
        settings.allow_tf32,
        settings.benchmark,
        torch.get_num_threads(),
    )
    chosen = os.environ.get(CUBLAS)
    try:
        os.environ.setdefault(CUBLAS, REPEATABLE)
        _apply(True, False, "high" if allows_tf32 else "highest", allows_tf32, False, threads or before[-1])
        note_switches()
        yield
    finally:
        _apply(*before)
        if chosen is None:
            del os.environ[CUBLAS]


def _apply(
    deterministic: bool, fills_memory: bool, matmul: str, convolution_tf32: bool, benchmark: bool, threads: int
) -> None:
    torch.use_deterministic_algorithms(deterministic)
    # Filling fresh memory with NaN finds reads of uninitialised memory; it costs 10 % of a step and changes no result.
    torch.utils.deterministic.fill_uninitialized_memory = fills_memory
    torch.set_float32_matmul_precision(matmul)
    torch.backends.cudnn.allow_tf32 = convolution_tf32
    torch.backends.cudnn.benchmark = benchmark
    torch.set_num_threads(threads)


def tower_precision(precision: str, device: torch.device) -> AbstractContextManager:
    """Where the towers compute: bfloat16 autocast, or plain float32. Logits and losses stay outside of it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
