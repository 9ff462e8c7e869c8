"""How the processes of a training or an evaluation are started: what builds this part of its command line.

    prefclip train …                                            one process, on a GPU if there is one
    torchrun --standalone … --no-python prefclip train …        one process for each GPU of a node
    srun … torchrun --rdzv-backend=c10d … prefclip train …      the same on several nodes of a Slurm job

The global batch and its numbers are the same in all three.
"""

import os
from collections.abc import Callable

from prefclip.errors import PrefclipError


class LaunchError(PrefclipError):
    """GPUs, nodes and `mpi` that do not fit together."""


def launcher(gpus: int, nodes: int = 1, mpi: str | None = None) -> str:
    """Return what to write before ``prefclip train``: nothing for one process, else a command that ends in a space.

    Each of the ``gpus``, of all nodes together, gets a process. ``mpi`` starts one task on each node, ``srun``; more
    than one node needs it. Raises LaunchError naming the resource.
    """
    if nodes < 1 or gpus < 0:
        raise LaunchError(f"resources: gpu: {gpus}, nodes: {nodes}; the least are 0 GPUs and 1 node.")
    if nodes == 1:
        return f"torchrun --standalone --nproc-per-node={gpus} --no-python " if gpus > 1 else ""
    if not mpi:
        raise LaunchError(f"resources: nodes: {nodes} needs `mpi: srun` too, which starts torchrun on each node.")
    if gpus == 0 or gpus % nodes:
        raise LaunchError(f"resources: gpu: {gpus} cannot be shared by {nodes} nodes; use a multiple of {nodes}.")
    each = gpus // nodes
    # A rule with `mpi` runs on the first node of the job, which becomes the meeting point; the port comes from the job.
    meeting_point = '"$(hostname):$((20000 + SLURM_JOB_ID % 10000))"'
    return (
        f"{mpi} --nodes={nodes} --ntasks={nodes} --ntasks-per-node=1 --cpu-bind=none "
        f"torchrun --nnodes={nodes} --nproc-per-node={each} --rdzv-backend=c10d --rdzv-id=$SLURM_JOB_ID "
        f"--rdzv-endpoint={meeting_point} --no-python "
    )


def telling_torchrun(command: Callable[[], object]) -> Callable[[], object]:
    """Make torchrun, if it started this process, end with the first failure's traceback instead of its own."""
    if "TORCHELASTIC_ERROR_FILE" not in os.environ:
        return command
    from torch.distributed.elastic.multiprocessing.errors import record  # here, for torch takes seconds to import

    return record(command)
