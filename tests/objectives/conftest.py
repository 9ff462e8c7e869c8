"""Random but fixed batches of preference pairs."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor


class Pairs(NamedTuple):
    """The six arguments of an objective, in order."""

    policy_clean: Tensor
    policy_attacked: Tensor
    reference_clean: Tensor
    reference_attacked: Tensor
    true_label: Tensor
    written_label: Tensor


def draw_pairs(images: int = 6, classes: int = 5, seed: int = 0, dtype: torch.dtype = torch.float64) -> Pairs:
    """Logits with a spread of some nats, a policy a little off its reference, and labels that differ in each pair."""
    generator = torch.Generator().manual_seed(seed)

    def normal(scale: float) -> Tensor:
        return scale * torch.randn(images, classes, generator=generator, dtype=torch.float64)

    reference_clean, reference_attacked = normal(3.0), normal(3.0)
    policy_clean, policy_attacked = reference_clean + normal(1.0), reference_attacked + normal(1.0)
    true_label = torch.randint(classes, (images,), generator=generator)
    written_label = (true_label + torch.randint(1, classes, (images,), generator=generator)) % classes
    logits = (policy_clean, policy_attacked, reference_clean, reference_attacked)
    return Pairs(*(values.to(dtype) for values in logits), true_label, written_label)


@pytest.fixture(scope="session")
def make_pairs():
    """The function itself, for tests that want another size, seed or precision."""
    return draw_pairs


@pytest.fixture
def pairs() -> Pairs:
    return draw_pairs()
