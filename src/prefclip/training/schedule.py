"""How many steps a run makes, and the learning rate of each."""

import math
from dataclasses import dataclass

from prefclip.training.errors import TrainingError


@dataclass(frozen=True)
class StepPlan:
    """Length of a run: passes over the pairs, optimizer steps in each, and full batches left out at the end of each."""

    epochs: int
    steps_per_epoch: int
    dropped: int = 0

    @property
    def made(self) -> int:
        """Optimizer steps in all."""
        return self.epochs * self.steps_per_epoch

    @property
    def planned(self) -> int:
        """epochs × ⌊N/B⌋, whether or not the last batches are dropped."""
        return self.epochs * (self.steps_per_epoch + self.dropped)


def plan_steps(
    pairs: int, batch_size: int, epochs: int, drop_last_batches: int = 0, key: str = "training.batch_size"
) -> StepPlan:
    """Plan a run; the incomplete batch at the end of an epoch is never used.

    Raises TrainingError, which names ``key``, if none is left.
    """
    full = pairs // batch_size
    if full <= drop_last_batches:
        raise TrainingError(
            f"{key}: {pairs} pairs give {full} full batches of {batch_size}, and "
            f"training.drop_last_batches leaves out {drop_last_batches}; use a smaller batch or more images."
        )
    return StepPlan(epochs, full - drop_last_batches, drop_last_batches)


def learning_rate_factor(step: int, steps: int, warmup_ratio: float) -> float:
    """Share of the peak learning rate at ``step`` (0 … steps − 1), in (0, 1].

    Rises linearly over the first ⌈warmup_ratio · steps⌉ steps, to the full rate at the last of them, then follows half
    a cosine towards 0. Without warm-up it is PyTorch's CosineAnnealingLR, stepped once per batch.
    """
    warmup = math.ceil(warmup_ratio * steps)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))
