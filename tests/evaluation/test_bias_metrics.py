"""The bias metrics on small cases worked out by hand, and properties that hold for any ranking."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefclip.evaluation.bias_metrics import (
    BiasInputError,
    base_rates,
    bias_at_k,
    max_skew_at_k,
    ndkl,
    ranked_groups,
    recognised,
    skew_at_k,
    vl_bias_text_swap,
)

QUICK = settings(max_examples=80)
MAN, WOMAN = "man", "woman"
EVEN = (0.5, 0.5)
RANKINGS = st.lists(st.integers(0, 1), min_size=1, max_size=12)


def test_recognition_counts_half_for_a_tie():
    assert recognised([0.9, 0.5, 0.2]).tolist() == [1.0, 0.5, 0.0]


def test_vl_bias_with_swapped_text():
    factual, swapped, gender = [0.8, 0.5], [0.6, 0.4], [MAN, WOMAN]
    assert vl_bias_text_swap(factual, swapped, gender) == pytest.approx([0.2, -0.1])


def test_skew_by_hand():
    ranked = np.array([[0, 0, 1, 0, 1, 1]])
    assert skew_at_k(ranked, 4, EVEN)[0] == pytest.approx([math.log(0.75 / 0.5), math.log(0.25 / 0.5)])
    # no woman among the first two: her share of 0 counts as 1/K
    assert skew_at_k(ranked, 2, EVEN)[0] == pytest.approx([math.log(2), math.log(0.5 / 0.5)])
    assert max_skew_at_k(ranked, 2, EVEN) == pytest.approx([math.log(2)])
    assert max_skew_at_k(ranked, 6, base_rates(ranked[0], 2)) == pytest.approx([0])


def test_bias_at_k_by_hand():
    ranked = np.array([[0, 0, 1, 0], [1, 1, 2, 2], [2, 2, 2, 2]])
    assert bias_at_k(ranked, 3).tolist() == pytest.approx([1 / 3, -1, 0])
    assert bias_at_k(ranked, 4).tolist() == pytest.approx([0.5, -1, 0])


def test_ndkl_by_hand():
    """Two images: KL of (1, 0) against (½, ½) is ln 2, of (½, ½) it is 0."""
    normaliser = 1 / math.log2(2) + 1 / math.log2(3)
    assert ndkl([[0, 1]], EVEN) == pytest.approx([math.log(2) / normaliser])


def reference_ndkl(ranked, desired):
    """The definition, term by term."""
    total = normaliser = 0.0
    for i in range(1, len(ranked) + 1):
        shares = [ranked[:i].count(group) / i for group in range(len(desired))]
        divergence = sum(p * math.log(p / q) for p, q in zip(shares, desired, strict=True) if p > 0)
        total += divergence / math.log2(i + 1)
        normaliser += 1 / math.log2(i + 1)
    return total / normaliser


@QUICK
@given(RANKINGS, st.floats(0.05, 0.95))
def test_ndkl_is_its_definition_and_never_negative(ranked, share):
    desired = np.array([share, 1 - share])
    found = ndkl([ranked], desired)[0]
    assert found >= 0
    assert found == pytest.approx(reference_ndkl(ranked, desired), abs=1e-12)


@QUICK
@given(RANKINGS, st.data())
def test_swapping_the_groups_swaps_the_skews_and_turns_the_bias(ranked, data):
    k = data.draw(st.integers(1, len(ranked)))
    ranked = np.array([ranked])
    skew, swapped = (skew_at_k(order, k, EVEN)[0] for order in (ranked, 1 - ranked))
    assert skew.tolist() == pytest.approx(swapped[::-1].tolist())
    assert bias_at_k(ranked, k) == pytest.approx(-bias_at_k(1 - ranked, k))
    assert -1 <= bias_at_k(ranked, k)[0] <= 1
    assert 0 <= max_skew_at_k(ranked, k, EVEN)[0] <= math.log(2) + 1e-12
    assert ndkl(ranked, EVEN) == pytest.approx(ndkl(1 - ranked, EVEN))


@QUICK
@given(RANKINGS)
def test_over_all_images_there_is_no_skew_from_the_base_rates(ranked):
    rates = base_rates(ranked, 2)
    if (rates > 0).all():
        assert max_skew_at_k([ranked], len(ranked), rates) == pytest.approx([0], abs=1e-12)


def test_ranking_sorts_each_query_and_breaks_ties_by_order():
    ranked = ranked_groups([[0.1, 0.9, 0.9], [3, 2, 1]], [0, 1, 2])
    assert ranked.tolist() == [[1, 2, 0], [0, 1, 2]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recognised([1.2]), "between 0 and 1"),
        (lambda: vl_bias_text_swap([0.5], [0.5], ["person"]), "unknown gender 'person'"),
        (lambda: skew_at_k([[0, 1]], 3, EVEN), "K is 3 but the rankings have 2 images"),
        (lambda: bias_at_k([[0, 1]], 0), "K is 0"),
        (lambda: ndkl([[0, 2]], EVEN), "groups from 0 to 1"),
        (lambda: ndkl([[0, 1]], [0.5, 0.4]), "sum to 1"),
        (lambda: ranked_groups([[np.nan]], [0]), "finite scores"),
        (lambda: vl_bias_text_swap([0.5], [0.5, 0.5], [MAN]), "as many swapped"),
    ],
)
def test_unfit_input_is_refused(call, message):
    with pytest.raises(BiasInputError, match=message):
        call()
