"""The Beta moving average against its definition, with scipy's density."""

import numpy as np
import pytest
import torch
from scipy.stats import beta as beta_distribution

from prefclip.training.averaging import BetaAveraging, beta_weight


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.7), (0.5, 0.5), (1.0, 1.0), (2.0, 5.0)])
@pytest.mark.parametrize("length", [1, 6, 609])
def test_weights_are_scipys(alpha, beta, length):
    iterates = np.arange(length + 1)
    expected = beta_distribution.pdf((iterates + 0.5) / (length + 1), alpha, beta)
    weights = [beta_weight(int(iterate), length, alpha, beta) for iterate in iterates]
    assert np.allclose(weights, expected, rtol=1e-12)


def test_shares_of_the_released_run():
    """Computed in method.md §1.5 for ImageNet-100: T = 609, and 606 steps made."""
    weights = np.array([beta_weight(iterate, 609, 0.7, 0.7) for iterate in range(607)])
    shares = weights / weights.sum()
    assert round(100 * shares[0], 2) == 0.74
    assert round(100 * shares[-1], 2) == 0.41
    assert 100 * shares[:60].sum() == pytest.approx(15.2, abs=0.1)
    assert 100 * shares[-60:].sum() == pytest.approx(14.0, abs=0.1)


@pytest.mark.parametrize(("length", "made"), [(20, 20), (23, 20)])
def test_running_mean_is_the_weighted_mean(length, made):
    generator = torch.Generator().manual_seed(0)
    trajectory = torch.randn(made + 1, 3, 4, generator=generator, dtype=torch.float64)
    parameter = torch.nn.Parameter(trajectory[0].clone())
    averaging = BetaAveraging({"weight": parameter}, length, 0.7, 0.7)
    assert torch.equal(averaging.mean["weight"], trajectory[0])
    for iterate in range(1, made + 1):
        with torch.no_grad():
            parameter.copy_(trajectory[iterate])
        averaging.update(iterate)
    weights = beta_distribution.pdf((np.arange(made + 1) + 0.5) / (length + 1), 0.7, 0.7)
    expected = (torch.from_numpy(weights)[:, None, None] * trajectory).sum(0) / weights.sum()
    assert torch.allclose(averaging.mean["weight"], expected, atol=1e-12)
    assert averaging.total == pytest.approx(weights.sum())
