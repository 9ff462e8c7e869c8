"""One process or several under torchrun: who this process is, and what the processes tell each other.

    torchrun --standalone --nproc-per-node=8 -m prefclip.cli train …

torchrun sets RANK, LOCAL_RANK and WORLD_SIZE; without them a run is one process and nothing here communicates.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from prefclip.training.errors import TrainingError


@dataclass(frozen=True)
class Processes:
    """The processes of a run: this one's number, how many there are, and what this one computes on."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def share_of(self, batch_size: int, key: str = "training.batch_size") -> slice:
        """This process's part of a batch, as large as the others'.

        Raises TrainingError, which names ``key``, if it cannot be divided.
        """
        if batch_size % self.size:
            raise TrainingError(
                f"{key}: {batch_size} pairs cannot be divided among {self.size} processes; use a "
                f"multiple of {self.size} or another number of processes."
            )
        part = batch_size // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def gather(self, tensor: Tensor, dim: int) -> Tensor:
        """Join the tensors of all processes along ``dim``, by rank; all have the same shape. Carries no gradient."""
        if self.size == 1:
            return tensor.detach()
        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        distributed.all_gather(parts, tensor.detach().contiguous())
        return torch.cat(parts, dim)

    def joined_rows(self, rows: Tensor) -> Tensor:
        """Join rows of which each process has filled its own and left the others zero; all have to call this."""
        if self.size == 1:
            return rows
        joined = rows.to(self.device)
        distributed.all_reduce(joined)
        return joined.to(rows.device)

    def largest(self, value: int) -> int:
        """The largest of the processes' values; all have to call this."""
        return value if self.size == 1 else self._reduce(value, distributed.ReduceOp.MAX)

    def from_main(self, value: int) -> int:
        """The value that the main process has; all have to call this."""
        return value if self.size == 1 else self._reduce(value if self.is_main else 0, distributed.ReduceOp.SUM)

    def wait_for_all(self) -> None:
        """Go on once every process is here."""
        self.largest(0)

    def _reduce(self, value: int, operation: distributed.ReduceOp) -> int:
        tensor = torch.tensor(value, device=self.device)
        distributed.all_reduce(tensor, operation)
        return int(tensor)


def default_device(local_rank: int = 0) -> torch.device:
    """The GPU of this process, which it shares where there are fewer than processes, or the CPU where there is none."""
    gpus = torch.cuda.device_count()
    return torch.device("cuda", local_rank % gpus) if gpus else torch.device("cpu")


def current_processes(device: torch.device) -> Processes:
    """The processes that :func:`joined_processes` has joined, or this one alone."""
    if not distributed.is_initialized():
        return Processes(0, 1, device)
    return Processes(distributed.get_rank(), distributed.get_world_size(), device)


@contextmanager
def joined_processes(device: torch.device | str | None = None) -> Iterator[Processes]:
    """Join the other processes of this run, if there are any: by NCCL where each has a GPU of its own, else by gloo.

    An error is marked with the rank it comes from; as that process ends, torchrun ends the others.
    """
    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = torch.device(device) if device else default_device(int(os.environ.get("LOCAL_RANK", 0)))
    if device.type == "cuda":
        torch.cuda.set_device(device.index or 0)
    if size == 1 or distributed.is_initialized():  # alone, or joined by the caller
        yield current_processes(device)
        return
    own = device.type == "cuda" and int(os.environ.get("LOCAL_WORLD_SIZE", size)) <= torch.cuda.device_count()
    distributed.init_process_group("nccl" if own else "gloo", rank=rank, world_size=size)
    try:
        yield Processes(rank, size, device)
    except BaseException as error:
        error.add_note(f"This is process {rank} of {size} (ranks 0 to {size - 1}).")
        raise
    distributed.destroy_process_group()
