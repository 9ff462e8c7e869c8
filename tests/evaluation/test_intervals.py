"""Bootstrap intervals and the spread over seeds."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr, ndtri

from prefclip.evaluation.intervals import (
    IntervalInputError,
    bootstrap_interval,
    bootstrap_means,
    combined_estimate,
    holm_adjusted,
    p_value,
    percentile_bounds,
    seed_half_width,
)

numbers = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30)


def generator(seed=0):
    return np.random.default_rng(seed)


@given(st.floats(-1e6, 1e6), st.integers(1, 50))
def test_constant_data_have_an_interval_around_their_mean_without_width(value, count):
    found = bootstrap_interval(np.full(count, value), generator(), samples=20)
    assert found.low <= found.value <= found.high
    assert found.high - found.low <= 1e-9 * max(1, abs(value))


@given(numbers)
def test_interval_holds_the_mean_and_stays_inside_the_data(values):
    found = bootstrap_interval(values, generator(), samples=50)
    assert found.low <= found.value <= found.high
    slack = 1e-9 * max(1, max(map(abs, values)))
    assert min(values) - slack <= found.low and found.high <= max(values) + slack


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(0, 100))
def test_order_of_images_does_not_matter_for_shares(values, seed):
    shuffled = generator(seed).permutation(values)
    assert bootstrap_interval(values, generator(1)) == bootstrap_interval(shuffled, generator(1))


def test_same_seed_same_interval_and_another_seed_another_one():
    values = generator().exponential(size=200)
    assert bootstrap_interval(values, generator(1)) == bootstrap_interval(values, generator(1))
    assert bootstrap_interval(values, generator(1)) != bootstrap_interval(values, generator(2))


def test_shares_have_the_textbook_interval():
    values = (np.arange(2000) % 10 < 3).astype(float)
    found = bootstrap_interval(values, generator(), samples=4000)
    half_width = 1.96 * np.sqrt(0.3 * 0.7 / 2000)
    assert found.value == pytest.approx(0.3)
    assert [found.low, found.high] == pytest.approx([0.3 - half_width, 0.3 + half_width], abs=2e-3)


def test_the_short_way_for_shares_has_the_distribution_of_the_long_way():
    values = (np.arange(500) % 4 == 0).astype(float)
    short = bootstrap_interval(values, generator(1), samples=5000)
    long = percentile_bounds(bootstrap_means(values[:, None], generator(2), samples=5000)[:, 0], 0.95)
    assert [short.low, short.high] == pytest.approx(list(long), abs=4e-3)


def test_columns_are_resampled_together():
    values = generator().random((60, 1))
    means = bootstrap_means(np.hstack([values, values, 1 - values]), generator(3), samples=100)
    assert np.allclose(means[:, 0], means[:, 1])
    assert np.allclose(means[:, 0] + means[:, 2], 1)
    assert np.allclose(bootstrap_means(values, generator(3), samples=100)[:, 0], means[:, 0])


def test_images_of_a_group_are_picked_together():
    groups = np.repeat(np.arange(50), 4)
    values = np.repeat(generator().random(50), 4)
    alone = bootstrap_interval(values, generator(1), samples=2000)
    together = bootstrap_interval(values, generator(1), groups=groups, samples=2000)
    assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(2, rel=0.15)
    # Groups of one image are no groups.
    each = bootstrap_interval(values, generator(1), groups=np.arange(200), samples=200)
    assert each == bootstrap_interval(values, generator(1), samples=200)


def test_blocks_of_draws_do_not_change_the_draws(monkeypatch):
    values = generator().random((40, 2))
    whole = bootstrap_means(values, generator(1), samples=30)
    monkeypatch.setattr("prefclip.evaluation.intervals.DRAWN_AT_ONCE", 120)
    assert np.allclose(bootstrap_means(values, generator(1), samples=30), whole)


def test_a_thousand_resamples_take_milliseconds():
    values = generator().exponential(size=1280)
    start = time.process_time()
    for _ in range(5):
        bootstrap_interval(values, generator(), samples=1000)
    assert (time.process_time() - start) / 5 < 0.3


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_the_half_width_of_seeds_is_that_of_the_t_interval_of_the_mean(values):
    found = seed_half_width(values, 0.9)
    if np.std(values) > 1e-9:
        _, high = stats.t.interval(0.9, len(values) - 1, np.mean(values), stats.sem(values))
        assert found == pytest.approx(high - np.mean(values), rel=1e-6, abs=1e-12)


def test_one_seed_has_no_spread():
    assert seed_half_width([0.5]) == 0


def test_images_and_seeds_add_in_quadrature():
    draws = np.tile(np.linspace(0.4, 0.6, 2001), (3, 1))
    images_alone = combined_estimate([0.5], draws[:1])
    seeds_alone = seed_half_width([0.45, 0.5, 0.55])
    both = combined_estimate([0.45, 0.5, 0.55], draws)
    assert both.value == pytest.approx(0.5)
    assert both.high - both.value == pytest.approx(np.hypot(images_alone.high - 0.5, seeds_alone))
    assert combined_estimate([0.45, 0.5, 0.55], draws, bounds=(0.48, 0.52))[1:] == (0.48, 0.52)


@pytest.mark.parametrize(
    ("values", "message"), [([], "at least one"), ([[1.0, 2.0]], "one dimension"), ([1.0, float("nan")], "finite")]
)
def test_unfit_values_are_one_clear_error(values, message):
    with pytest.raises(IntervalInputError, match=message):
        bootstrap_interval(values, generator())


def test_unfit_confidence_is_named():
    with pytest.raises(IntervalInputError, match="confidence"):
        bootstrap_interval([1.0, 2.0], generator(), confidence=95)


@pytest.mark.parametrize(("mean", "spread"), [(0.02, 0.01), (0.05, 0.01), (0.001, 0.02), (-0.03, 0.012)])
def test_p_is_where_the_interval_touches_nothing(mean, spread):
    """At the level of p the interval's end is 0: with normal draws and one seed it is the z test."""
    draws = ndtri((np.arange(4000) + 0.5) / 4000) * spread + mean
    found = p_value([mean], draws[None])
    assert found == pytest.approx(2 * ndtr(-abs(mean) / spread), rel=0.02)
    three = p_value([mean, mean + 0.01, mean - 0.01], np.stack([draws] * 3))
    assert three > found
    end = combined_estimate([mean, mean + 0.01, mean - 0.01], np.stack([draws] * 3), 1 - three)
    assert min(abs(end.low), abs(end.high)) == pytest.approx(0, abs=0.05 * spread)


def test_p_without_doubt_and_without_difference():
    assert p_value([0.0, 0.0], np.zeros((2, 50))) == 1.0
    assert p_value([0.1, 0.1], np.full((2, 50), 0.1)) == 0.0


def test_holm_is_between_nothing_and_bonferroni():
    values = [0.01, 0.04, 0.03, 0.005]
    assert holm_adjusted(values) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # Holm 1979's example of four
    assert holm_adjusted([0.9, 0.8]) == [1.0, 1.0] and holm_adjusted([]) == []


@pytest.mark.parametrize(("drawings", "shared", "of_seeds"), [(64, 0.5, 0.01), (40, 0.2, 0.02), (64, 0.9, 0.005)])
def test_intervals_by_drawing_cover_what_they_say(drawings, shared, of_seeds):
    """Pictures are as hard as their drawing and their scene are, for all seeds alike; seeds are better or worse.

    ``shared``: of the variance of how hard a picture is, the part of its drawing. ``of_seeds``: standard deviation of
    the accuracies of seeds.
    """
    world, scenes, covered, truth = np.random.default_rng(1), 5, [], 0.7
    groups = np.repeat(np.arange(drawings), scenes)
    for _ in range(1500):
        hard = shared**0.5 * world.normal(size=drawings)[groups] + (1 - shared) ** 0.5 * world.normal(size=len(groups))
        accuracies = truth + of_seeds * world.normal(size=3)
        right = (ndtr(hard)[None] < accuracies[:, None]).astype(float)
        draws = bootstrap_means(right.T, world, groups=groups, samples=400)
        found = combined_estimate(right.mean(axis=1), draws.T, 0.95)
        covered.append(found.low <= truth <= found.high)
    assert 0.93 <= np.mean(covered) <= 0.98, np.mean(covered)
