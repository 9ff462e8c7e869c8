"""The parts of each objective: KL direction, per-example forms, reference points, what is measured and detached."""

import math

import pytest
import torch
import torch.nn.functional as F

from prefclip.objectives import names, objective
from prefclip.objectives.base import ObjectiveInputError
from prefclip.objectives.ce import cross_entropy_loss
from prefclip.objectives.dpo import dpo_loss
from prefclip.objectives.ipo import ipo_loss
from prefclip.objectives.kto import REFERENCE_POINTS, kto_loss, mismatched_log_ratio
from prefclip.policies import kl_divergence, kl_regulariser, log_probabilities


def assert_close(actual, expected, tolerance=1e-12):
    torch.testing.assert_close(actual, torch.as_tensor(expected, dtype=actual.dtype), rtol=0, atol=tolerance)


def rewards(pairs):
    """Log-ratios on the attacked images: all (B, K), at the true label (B,), at the written label (B,)."""
    rows = torch.arange(len(pairs.true_label))
    log_ratio = pairs.policy_attacked.log_softmax(1) - pairs.reference_attacked.log_softmax(1)
    return log_ratio, log_ratio[rows, pairs.true_label], log_ratio[rows, pairs.written_label]


# The regulariser


def test_the_regulariser_is_kl_from_reference_to_policy_by_hand():
    reference, policy = torch.tensor([[[0.5, 0.5]], [[0.9, 0.1]]], dtype=torch.float64)
    forward = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    backward = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    assert_close(kl_regulariser(policy.log(), reference.log()), forward)
    assert abs(forward - backward) > 0.1


def test_the_regulariser_is_torchs_batchmean_on_the_clean_half(pairs):
    log_policy, log_reference = pairs.policy_clean.log_softmax(1), pairs.reference_clean.log_softmax(1)
    expected = F.kl_div(log_policy, log_reference, log_target=True, reduction="batchmean")
    assert_close(objective("dpo")(*pairs).regulariser, expected)
    assert_close(kl_divergence(log_reference, log_policy).mean(), expected)


@pytest.mark.parametrize("name", ["dpo", "ipo", "kto", "ce_kl"])
@pytest.mark.parametrize("weight", [0.0, 0.01, 2.0])
def test_the_total_is_the_preference_term_plus_the_weighted_regulariser(name, weight, pairs):
    value = objective(name, regulariser_weight=weight)(*pairs)
    assert value.regulariser > 0.05
    assert_close(value.total, value.preference + weight * value.regulariser)


# The per-example forms


def test_the_preference_term_is_the_mean_of_the_per_example_form(pairs):
    _, reward_true, reward_written = rewards(pairs)
    margin = reward_true - reward_written
    drift = kl_regulariser(pairs.policy_clean, pairs.reference_clean)
    cross_entropy = F.cross_entropy(pairs.policy_attacked, pairs.true_label, reduction="none")
    for f, per_example in (
        (objective("dpo", beta=0.3, label_smoothing=0.2), dpo_loss(margin, 0.3, 0.2)),
        (objective("ipo", beta=0.5), ipo_loss(margin, 0.5)),
        (objective("kto", beta=1.5), kto_loss(reward_true, reward_written, drift, 1.5)),
        (objective("ce"), cross_entropy),
        (objective("ce_kl"), cross_entropy_loss(pairs.policy_attacked.log_softmax(1), pairs.true_label)),
    ):
        assert per_example.shape == (6,)
        assert_close(f(*pairs).preference, per_example.mean())


def test_label_smoothing_mixes_the_loss_of_both_orders():
    margin = torch.linspace(-5.0, 5.0, 11, dtype=torch.float64)
    assert_close(dpo_loss(margin, 0.7, 0.0), dpo_loss(margin, 0.7))
    assert_close(dpo_loss(margin, 0.7, 0.2), 0.8 * dpo_loss(margin, 0.7) + 0.2 * dpo_loss(-margin, 0.7))


def test_label_smoothing_makes_the_best_margin_finite():
    smoothing, beta = 0.1, 0.5
    best = torch.tensor([math.log((1 - smoothing) / smoothing) / beta], dtype=torch.float64, requires_grad=True)
    dpo_loss(best, beta, smoothing).sum().backward()
    assert_close(best.grad, [0.0])


def test_ipo_is_zero_at_its_target_margin():
    assert_close(ipo_loss(torch.tensor([50.0], dtype=torch.float64), 0.01), [0.0])


def test_kto_is_the_mean_over_both_halves(pairs):
    _, reward_true, reward_written = rewards(pairs)
    z0, beta = 0.3, 1.5
    both = torch.cat([1 - torch.sigmoid(beta * (reward_true - z0)), 1 - torch.sigmoid(beta * (z0 - reward_written))])
    assert_close(kto_loss(reward_true, reward_written, z0, beta).mean(), both.mean())


# KTO's reference points


def kto_preference(pairs, z0, beta=1.5):
    _, reward_true, reward_written = rewards(pairs)
    return kto_loss(reward_true, reward_written, z0, beta).mean()


def test_the_exact_reference_point_is_kl_from_policy_to_reference_on_the_attacked_half(pairs):
    log_policy, log_reference = pairs.policy_attacked.log_softmax(1), pairs.reference_attacked.log_softmax(1)
    z0 = F.kl_div(log_reference, log_policy, log_target=True, reduction="batchmean")
    assert_close(objective("kto", reference_point="exact")(*pairs).preference, kto_preference(pairs, z0))


def test_the_mismatched_reference_point_borrows_the_next_images_labels(pairs):
    log_ratio, _, _ = rewards(pairs)
    true, written = pairs.true_label.tolist(), pairs.written_label.tolist()
    borrowed = [log_ratio[i, labels[(i + 1) % 6]] for labels in (true, written) for i in range(6)]
    estimate = torch.stack(borrowed).mean()
    assert_close(mismatched_log_ratio(log_ratio, pairs.true_label, pairs.written_label), estimate)


def test_the_mismatched_reference_point_is_clamped_at_zero(make_pairs):
    signs = set()
    for seed in range(12):
        pairs = make_pairs(seed=seed)
        estimate = mismatched_log_ratio(rewards(pairs)[0], pairs.true_label, pairs.written_label)
        signs.add(bool(estimate > 0))
        measured = objective("kto", reference_point="mismatched")(*pairs).preference
        assert_close(measured, kto_preference(pairs, max(estimate.item(), 0.0)))
    assert signs == {True, False}, "the seeds must show both sides of the clamp"


def test_a_single_image_has_no_mismatched_pair(make_pairs):
    with pytest.raises(ObjectiveInputError, match=r"'mismatched' needs a batch of at least 2 images, got 1.*'exact'"):
        objective("kto", reference_point="mismatched")(*make_pairs(images=1))


@pytest.mark.parametrize("reference_point", REFERENCE_POINTS)
def test_no_gradient_flows_through_the_reference_point(reference_point, pairs):
    clean, attacked = pairs.policy_clean.requires_grad_(), pairs.policy_attacked.requires_grad_()
    f = objective("kto", regulariser_weight=0.0, reference_point=reference_point)
    seen = []
    total = f(*pairs, process_mean=lambda z0: seen.append(z0) or z0).total
    clean_gradient, gradient = torch.autograd.grad(total, (clean, attacked), allow_unused=True)
    assert clean_gradient is None

    constant = max(seen[0].item(), 0.0) if reference_point == "mismatched" else seen[0].item()
    assert_close(gradient, torch.autograd.grad(kto_preference(pairs, constant), attacked)[0])


@pytest.mark.parametrize("reference_point", REFERENCE_POINTS)
def test_two_processes_agree_on_one_reference_point(reference_point, make_pairs):
    """Half of the batch in each process, the reference point averaged between them: the mean of means is the total."""
    whole = make_pairs(images=8)
    shards = [type(whole)(*(values[part] for values in whole)) for part in (slice(0, 4), slice(4, 8))]
    f = objective("kto", beta=1.5, regulariser_weight=0.5, reference_point=reference_point)

    estimates = []
    for shard in shards:
        f(*shard, process_mean=lambda z0: estimates.append(z0) or z0)
    average = torch.stack(estimates).mean()
    together = torch.stack([f(*shard, process_mean=lambda z0: average).total for shard in shards]).mean()
    alone = torch.stack([f(*shard).total for shard in shards]).mean()

    if reference_point == "mismatched":  # the neighbour is taken within the process
        expected = kto_preference(whole, max(average.item(), 0.0)) + 0.5 * f(*whole).regulariser
    else:
        expected = f(*whole).total
        assert (alone - expected).abs() > 1e-8, "without the average the shards must disagree for the test to mean much"
    assert_close(together, expected)


# What is measured, and where gradients go


def test_margin_and_rewards_are_means_without_beta_and_detached(pairs):
    _, reward_true, reward_written = rewards(pairs)
    pairs.policy_attacked.requires_grad_()
    for name in names():
        value = objective(name)(*pairs)
        assert_close(value.reward_true, reward_true.mean())
        assert_close(value.reward_written, reward_written.mean())
        assert_close(value.margin, (reward_true - reward_written).mean())
        assert all(part.shape == () for part in value)
        assert value.total.requires_grad and value.preference.requires_grad
        assert not (value.margin.requires_grad or value.reward_true.requires_grad or value.reward_written.requires_grad)


@pytest.mark.parametrize("name", names())
def test_no_gradient_reaches_the_reference(name, pairs):
    for logits in pairs[:4]:
        logits.requires_grad_()
    objective(name)(*pairs).total.backward()
    assert pairs.reference_clean.grad is None and pairs.reference_attacked.grad is None
    learned_from = pairs.policy_clean if name == "reg_only" else pairs.policy_attacked
    assert learned_from.grad.norm() > 0


@pytest.mark.parametrize(
    ("name", "parameters", "clean", "reference"),
    [
        ("dpo", {}, True, True),
        ("dpo", {"regulariser_weight": 0.0}, False, True),
        ("ipo", {}, True, True),
        ("kto", {}, True, True),
        ("kto", {"regulariser_weight": 0.0}, True, True),
        ("kto", {"regulariser_weight": 0.0, "reference_point": "exact"}, False, True),
        ("kto", {"regulariser_weight": 0.0, "reference_point": "mismatched"}, False, True),
        ("ce", {}, False, False),
        ("reg_only", {}, True, True),
        ("ce_kl", {}, True, True),
        ("ce_kl", {"regulariser_weight": 0.0}, False, False),
    ],
)
def test_an_objective_says_what_it_needs_and_runs_with_no_more(name, parameters, clean, reference, pairs):
    f = objective(name, **parameters)
    assert (f.needs_clean_images, f.needs_reference) == (clean, reference)
    least = pairs
    if not clean:
        least = least._replace(policy_clean=None, reference_clean=None)
    if not reference:
        least = least._replace(reference_attacked=None)
    value = f(*least)
    assert_close(value.total, f(*pairs).total, tolerance=0)
    assert value.regulariser.isnan().item() == (not clean)
    assert value.margin.isnan().item() == value.reward_true.isnan().item() == (not reference)


def test_ce_is_cross_entropy_on_the_attacked_images_whatever_else_is_given(pairs):
    expected = F.cross_entropy(pairs.policy_attacked, pairs.true_label)
    assert_close(objective("ce")(*pairs).total, expected)
    assert_close(objective("ce")(None, pairs.policy_attacked, None, None, *pairs[4:]).total, expected)


# Numerics


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("name", names())
def test_low_precision_logits_are_computed_in_float32(name, dtype, make_pairs):
    low = make_pairs(dtype=dtype)
    value = objective(name)(*low)
    assert all(part.dtype == torch.float32 for part in value)
    exact = objective(name)(*(logits.double() for logits in low[:4]), *low[4:])
    torch.testing.assert_close(value.total.double(), exact.total, rtol=1e-5, atol=1e-5)
    assert all(part.dtype == torch.float64 for part in exact)


def test_log_probabilities_never_go_below_float32():
    logits = torch.tensor([[10.0, 10.03125]], dtype=torch.bfloat16)
    assert log_probabilities(logits).dtype == torch.float32
    assert log_probabilities(logits.double()).dtype == torch.float64


def test_a_policy_in_float32_meets_a_cached_reference_in_float16(make_pairs):
    pairs, low = make_pairs(dtype=torch.float32), make_pairs(dtype=torch.float16)
    mixed = pairs._replace(reference_clean=low.reference_clean, reference_attacked=low.reference_attacked)
    assert objective("dpo")(*mixed).total.dtype == torch.float32


@pytest.mark.parametrize("name", names())
def test_a_nan_is_never_hidden(name, pairs):
    pairs.policy_attacked[0, 0] = torch.nan
    pairs = pairs._replace(true_label=pairs.true_label.clone())
    pairs.true_label[0] = 0
    assert objective(name)(*pairs).total.isnan()


@pytest.mark.parametrize("label_type", [torch.int32, torch.int16, torch.uint8])
def test_labels_of_any_integer_type_give_the_same_loss(label_type, pairs):
    narrow = pairs._replace(
        true_label=pairs.true_label.to(label_type), written_label=pairs.written_label.to(label_type)
    )
    for name in names():
        assert_close(objective(name)(*narrow).total, objective(name)(*pairs).total, tolerance=0)
