"""The one place that says how the processes of a training are started."""

import pytest

from prefclip.training.launch import LaunchError, launcher


@pytest.mark.parametrize("gpus", [0, 1])
def test_one_process_needs_no_launcher(gpus):
    assert launcher(gpus) == ""


def test_several_gpus_of_one_node():
    assert launcher(8) == "torchrun --standalone --nproc-per-node=8 --no-python "


def test_several_nodes():
    command = launcher(16, 2, "srun")
    assert command.startswith("srun --nodes=2 --ntasks=2 --ntasks-per-node=1 ")
    assert "torchrun --nnodes=2 --nproc-per-node=8 --rdzv-backend=c10d " in command
    assert command.endswith(" --no-python ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((8, 2), "nodes: 2 needs `mpi: srun` too"),
        ((9, 2, "srun"), "gpu: 9 cannot be shared by 2 nodes; use a multiple of 2"),
        ((0, 2, "srun"), "gpu: 0 cannot be shared by 2 nodes"),
        ((-1,), "the least are 0 GPUs and 1 node"),
        ((1, 0), "the least are 0 GPUs and 1 node"),
    ],
)
def test_what_does_not_fit_together(arguments, message):
    with pytest.raises(LaunchError, match=message):
        launcher(*arguments)
