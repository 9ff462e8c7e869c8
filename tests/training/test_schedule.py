"""Number of steps and learning rate of each."""

import pytest
import torch

from prefclip.training.errors import TrainingError
from prefclip.training.schedule import learning_rate_factor, plan_steps


@pytest.mark.parametrize(
    ("pairs", "batch", "epochs", "dropped", "made", "planned"),
    [(6400, 128, 3, 0, 150, 150), (130_000 * 8 // 10, 512, 3, 1, 606, 609), (47, 16, 2, 0, 4, 4)],
)
def test_steps(pairs, batch, epochs, dropped, made, planned):
    plan = plan_steps(pairs, batch, epochs, dropped)
    assert (plan.made, plan.planned) == (made, planned)


@pytest.mark.parametrize(("pairs", "dropped"), [(15, 0), (31, 1)])
def test_no_batch_left(pairs, dropped):
    with pytest.raises(TrainingError, match=r"training\.batch_size: \d+ pairs give \d full batches of 16"):
        plan_steps(pairs, 16, 3, dropped)


def test_warm_up_rises_to_the_peak_and_the_cosine_falls():
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert factors[10] == 1.0
    assert factors[9:] == sorted(factors[9:], reverse=True)
    assert 0 < factors[99] < 0.001
    assert factors[55] == pytest.approx(0.5)


def test_without_warm_up_it_is_pytorchs_cosine():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for step in range(40):
        assert learning_rate_factor(step, 40, 0.0) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize(("steps", "ratio"), [(1, 0.0), (1, 0.1), (1, 1.0), (3, 1.0), (5, 0.1)])
def test_short_runs(steps, ratio):
    assert all(0 < learning_rate_factor(step, steps, ratio) <= 1 for step in range(steps))
