"""Steps of Muon: orthogonal ones, whatever the size of the gradient."""

import pytest
import torch
from torch import nn

from prefclip.training.muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (12, 12)])
def test_singular_values_come_near_one(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found = orthogonalised(matrix)
    assert found.shape == shape and torch.linalg.svdvals(found).sub(1).abs().max() < 0.35
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    assert torch.linalg.svdvals(found - u @ v).max() < 0.35


def test_the_size_of_a_gradient_does_not_matter():
    generator = torch.Generator().manual_seed(0)
    start, gradient = torch.randn(8, 3, 3, 3, generator=generator), torch.randn(8, 3, 3, 3, generator=generator)
    moved = []
    for size in (1e-3, 1e3):
        weight = nn.Parameter(start.clone())
        weight.grad = size * gradient
        Muon([weight], lr=0.1, weight_decay=0).step()
        moved.append(weight.detach() - start)
    torch.testing.assert_close(*moved, rtol=1e-3, atol=1e-5)
    assert torch.linalg.svdvals(moved[0].flatten(1)).sub(0.1).abs().max() < 0.035


def test_a_quadratic_is_descended():
    weight = nn.Parameter(torch.full((4, 9), 3.0))
    optimizer = Muon([weight], lr=0.2)
    target = torch.eye(4, 9)
    for step in range(800):
        optimizer.param_groups[0]["lr"] = 0.2 * (1 - step / 800)
        optimizer.zero_grad()
        (weight - target).square().sum().backward()
        optimizer.step()
    assert (weight - target).abs().max() < 0.05
