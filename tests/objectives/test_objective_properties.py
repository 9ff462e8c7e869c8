"""Properties that hold for any logits, drawn by hypothesis."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prefclip.objectives import names, objective
from prefclip.objectives.dpo import dpo_loss, dpo_weight
from prefclip.objectives.ipo import ipo_loss, ipo_weight
from prefclip.objectives.kto import REFERENCE_POINTS, kto_loss, kto_weights
from prefclip.policies import kl_divergence, log_probabilities

QUICK = settings(max_examples=60)
BETAS = st.floats(0.01, 5.0)
ALL_OBJECTIVES = [objective(name) for name in names() if name != "kto"] + [
    objective("kto", reference_point=choice) for choice in REFERENCE_POINTS
]
# A cyclic neighbour depends on the order of the batch, so that this estimate alone is no function of the set of pairs.
ORDER_FREE = [f for f in ALL_OBJECTIVES if f.parameters.get("reference_point") != "mismatched"]


@st.composite
def batches(draw, bound=20.0, dtype=torch.float64):
    images, classes = draw(st.integers(2, 6)), draw(st.integers(2, 7))
    row = st.lists(st.floats(-bound, bound, width=32), min_size=classes, max_size=classes)
    logits = [
        torch.tensor(draw(st.lists(row, min_size=images, max_size=images)), dtype=torch.float64).to(dtype)
        for _ in range(4)
    ]
    labels = st.lists(st.integers(0, classes - 1), min_size=images, max_size=images)
    return *logits, torch.tensor(draw(labels)), torch.tensor(draw(labels))


def assert_close(actual, expected, tolerance=1e-9):
    torch.testing.assert_close(actual, torch.as_tensor(expected, dtype=actual.dtype), rtol=tolerance, atol=tolerance)


@QUICK
@given(batches(), st.lists(st.floats(-50.0, 50.0), min_size=24, max_size=24))
def test_shifting_all_logits_of_a_row_changes_nothing(batch, shifts):
    *logits, true_label, written_label = batch
    images = len(true_label)
    shift = torch.tensor(shifts, dtype=torch.float64).reshape(4, 6, 1)[:, :images]
    shifted = [values + by for values, by in zip(logits, shift, strict=True)]
    for f in ALL_OBJECTIVES:
        assert_close(f(*shifted, true_label, written_label).total, f(*batch).total)


@QUICK
@given(batches(), BETAS, st.floats(0.0, 0.49))
def test_a_policy_equal_to_its_reference_has_no_margin(batch, beta, smoothing):
    clean, attacked, _, _, true_label, written_label = batch
    same = (clean, attacked, clean, attacked, true_label, written_label)
    for f, expected in (
        (objective("dpo", beta=beta, label_smoothing=smoothing), math.log(2.0)),
        (objective("ipo", beta=beta), (1.0 / (2.0 * beta)) ** 2),
        (objective("kto", beta=beta), 0.5),
        (objective("kto", beta=beta, reference_point="exact"), 0.5),
        (objective("kto", beta=beta, reference_point="mismatched"), 0.5),
    ):
        value = f(*same)
        assert_close(value.total, expected)
        assert value.regulariser == value.margin == value.reward_true == value.reward_written == 0.0


@QUICK
@given(batches(), st.randoms(use_true_random=False))
def test_the_order_of_the_batch_does_not_matter(batch, random):
    order = list(range(len(batch[4])))
    random.shuffle(order)
    permuted = [values[order] for values in batch]
    for f in ORDER_FREE:
        assert_close(f(*permuted).total, f(*batch).total)


@QUICK
@given(batches(bound=1e4, dtype=torch.float32))
def test_extreme_logits_give_finite_losses_and_gradients(batch):
    clean, attacked, *rest = batch
    clean, attacked = clean.requires_grad_(), attacked.requires_grad_()
    for f in ALL_OBJECTIVES:
        value = f(clean, attacked, *rest)
        assert all(part.isfinite() for part in value)
        gradients = torch.autograd.grad(value.total, (clean, attacked), allow_unused=True)
        assert all(gradient.isfinite().all() for gradient in gradients if gradient is not None)


@QUICK
@given(batches())
def test_every_loss_is_in_its_range(batch):
    for f in ALL_OBJECTIVES:
        value = f(*batch)
        assert value.preference >= 0.0
        assert value.regulariser >= -1e-12
        if f.name == "kto":
            assert value.preference <= 1.0


@QUICK
@given(batches())
def test_kl_is_zero_against_itself_and_never_negative(batch):
    log_p, log_q = log_probabilities(batch[0]), log_probabilities(batch[1])
    assert (kl_divergence(log_p, log_p) == 0.0).all()
    assert (kl_divergence(log_p, log_q) >= -1e-12).all()


@QUICK
@given(st.lists(st.floats(-30.0, 30.0), min_size=1, max_size=8), BETAS, st.floats(0.0, 0.49))
def test_per_example_weights_are_the_derivatives_that_autograd_finds(values, beta, smoothing):
    margin = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    for loss, weight in (
        (dpo_loss(margin, beta, smoothing), dpo_weight(margin.detach().numpy(), beta, smoothing)),
        (ipo_loss(margin, beta), ipo_weight(margin.detach().numpy(), beta)),
    ):
        (gradient,) = torch.autograd.grad(loss.sum(), margin)
        assert_close(torch.from_numpy(weight), -gradient)

    reward_true, reward_written = margin, (-0.7 * margin).detach().requires_grad_()
    gradients = torch.autograd.grad(
        kto_loss(reward_true, reward_written, 0.3, beta).sum(), (reward_true, reward_written)
    )
    rewards = (reward.detach().numpy() for reward in (reward_true, reward_written))
    weight_true, weight_written = map(torch.from_numpy, kto_weights(*rewards, 0.3, beta))
    assert_close(weight_true, -gradients[0])
    assert_close(weight_written, gradients[1])
    assert (weight_true <= beta / 8 + 1e-12).all()
