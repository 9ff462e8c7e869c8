"""The loss of a whole batch and its gradient, however the batch is spread over processes and micro-batches.

KTO's reference point and the mismatched pairs look at a batch as a whole, so a mean of the parts' losses would be
another loss. Embeddings are small, however: all are gathered, each process computes the same loss of the whole batch
and its gradient with respect to the embeddings, and sends its own part of it back through its towers. (Gao et al. 2021,
arXiv:2101.06983, do the same for contrastive losses.) With several micro-batches each is embedded twice, first without
gradient.
"""

from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from prefclip.objectives.composition import Objective, ObjectiveValue
from prefclip.training.distributed import Processes
from prefclip.training.policy import Policy, class_logits


class Targets(NamedTuple):
    """What the policy's logits are compared with, for the whole batch: labels (B,) and reference logits (B, K).

    The reference logits are None for an objective that needs none.
    """

    true_label: Tensor
    written_label: Tensor
    reference_clean: Tensor | None
    reference_attacked: Tensor | None


def accumulate_gradients(
    policy: Policy | DistributedDataParallel,
    chunks: list[Tensor],
    targets: Targets,
    objective: Objective,
    processes: Processes,
) -> ObjectiveValue:
    """Add the gradient of the whole batch's loss to the policy's parameters; returns the detached terms.

    ``chunks`` hold this process's images, uint8 (h·m, H, W, 3) with h = 2 halves (clean, then attacked) or the attacked
    half alone if the objective needs no other.
    """
    halves = 2 if objective.needs_clean_images else 1
    last = len(chunks) - 1
    if last == 0:
        embedded = [policy(chunks[0])]
    else:
        with torch.no_grad():
            embedded = [_undistributed(policy)(chunk, index == last) for index, chunk in enumerate(chunks)]
    mine = torch.cat([_by_half(part.images, halves) for part in embedded], dim=1)

    images = processes.gather(mine, dim=1).requires_grad_()
    texts, scale = (tensor.detach().requires_grad_() for tensor in embedded[last][1:])
    logits = class_logits(images, texts, scale)
    value = objective(
        logits[0] if halves == 2 else None,
        logits[-1],
        targets.reference_clean,
        targets.reference_attacked,
        targets.true_label,
        targets.written_label,
    )
    to_images, to_texts, to_scale = torch.autograd.grad(value.total, (images, texts, scale))
    # Distributed gradients are averaged: each process has the gradient of its own images only, but that of all texts.
    width = mine.shape[1]
    to_mine = processes.size * to_images[:, processes.rank * width : (processes.rank + 1) * width]

    done = 0
    for index, chunk in enumerate(chunks):
        with nullcontext() if index == last or processes.size == 1 else policy.no_sync():
            part = embedded[0] if last == 0 else policy(chunk, index == last)
            by_half = _by_half(part.images, halves)
            size = by_half.shape[1]
            _send_back((by_half, part.texts, part.scale), (to_mine[:, done : done + size], to_texts, to_scale))
            done += size
    return ObjectiveValue(*(term.detach() for term in value))


def _undistributed(policy: Policy | DistributedDataParallel) -> Policy:
    return policy.module if isinstance(policy, DistributedDataParallel) else policy


def _by_half(embeddings: Tensor, halves: int) -> Tensor:
    """(h·m, D) → (h, m, D)."""
    return embeddings.reshape(halves, -1, embeddings.shape[-1])


def _send_back(outputs: tuple[Tensor, ...], gradients: tuple[Tensor, ...]) -> None:
    """Send gradients through those outputs that are trained."""
    trained = [(output, gradient) for output, gradient in zip(outputs, gradients, strict=True) if output.requires_grad]
    torch.autograd.backward([output for output, _ in trained], [gradient for _, gradient in trained])
