"""The neutral t on curves whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefclip.evaluation.neutral_scale import AS_GOOD, NeutralScaleError, neutral_scale

SCALES = np.linspace(-4, 4, 33)
QUICK = settings(max_examples=30)


def curves(crossing, slope=0.4, spread=0.3, images=200, seed=0, lean=0.0):
    """Probabilities that pass ½ at ``crossing`` on average; ``lean`` favours the man's word on all pictures."""
    generator = np.random.default_rng(seed)
    is_man = np.arange(images) % 2 == 0
    own = generator.normal(0, spread, images)
    shift = np.where(is_man, lean, -lean)
    return 1 / (1 + np.exp(-(slope * (SCALES[:, None] - crossing) + own + shift))), is_man


def find(probability, is_man, right=None):
    right = np.ones_like(probability) if right is None else right
    untouched = np.ones(len(is_man))
    return neutral_scale(SCALES, probability, right, untouched, is_man, np.random.default_rng(0), samples=200)


@QUICK
@given(st.floats(-3.5, 3.5))
def test_the_crossing_is_found_and_lies_inside_its_interval(crossing):
    found = find(*curves(crossing, spread=0.1, images=800))
    assert found.t == pytest.approx(crossing, abs=0.35)
    assert found.low <= found.t <= found.high
    assert found.is_neutral and 0.45 <= found.man_low <= found.man <= found.man_high <= 0.55
    assert found.deviation <= 0.05 and abs(found.probability - 0.5) <= 0.05


def test_more_pictures_make_a_narrower_interval():
    few, many = (find(*curves(-1.5, images=images, spread=1.0)) for images in (40, 4000))
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_a_word_preferred_on_all_pictures_is_not_neutral_for_both():
    found = find(*curves(-1.0, lean=1.0))
    assert found.t == pytest.approx(-1.0, abs=0.35)
    assert not found.is_neutral
    assert found.man > 0.6 and found.woman < 0.4


def test_calling_every_picture_a_man_is_not_mistaken_for_neutral():
    is_man = np.arange(100) % 2 == 0
    always_man = np.broadcast_to(np.where(is_man, 0.95, 0.05), (len(SCALES), 100))
    found = find(always_man, is_man)
    assert found.probability == pytest.approx(0.5)
    assert found.deviation == pytest.approx(0.45) and not found.is_neutral


def test_few_pictures_leave_it_open():
    """The mean is ½, but its interval is wider than what counts as neutral."""
    found = find(*curves(-1.0, images=20, spread=2.0))
    assert found.deviation < 0.1 and not found.is_neutral
    assert found.man_high - found.man_low > 0.1


def test_pictures_of_one_drawing_are_one():
    probability, is_man = curves(-1.0, images=50, spread=1.0)
    copied = find(np.tile(probability, 8), np.tile(is_man, 8))
    grouped = neutral_scale(
        SCALES,
        np.tile(probability, 8),
        np.ones((len(SCALES), 400)),
        np.ones(400),
        np.tile(is_man, 8),
        np.random.default_rng(0),
        groups=np.tile(np.arange(50), 8),
        samples=200,
    )
    assert grouped.man_high - grouped.man_low > 2 * (copied.man_high - copied.man_low)


def test_among_equally_good_t_the_nearest_to_zero_is_taken():
    flat = np.full((len(SCALES), 10), 0.5 + AS_GOOD / 4)
    assert find(flat, np.arange(10) % 2 == 0).t == 0


def test_a_curve_that_never_gets_there_is_said_not_to_be_neutral():
    probability, is_man = curves(-6.0)
    found = find(probability, is_man)
    assert found.t == pytest.approx(-4, abs=0.2) and not found.is_neutral


def test_a_scale_that_loses_the_concepts_is_passed_over():
    probability, is_man = curves(-2.0)
    right = np.where(SCALES[:, None] < -1.01, np.arange(200) < 190, True)
    found = find(probability, is_man, right)
    assert -1.3 < found.t < -0.9 and found.keeps_concepts
    assert 0.97 <= found.concept_accuracy < 1 and found.untouched_accuracy == 1
    nothing = find(probability, is_man, np.zeros((len(SCALES), 200)))
    assert nothing.t == pytest.approx(-2.0, abs=0.35) and not nothing.keeps_concepts


@pytest.mark.parametrize(
    ("scales", "shape", "men", "message"),
    [
        ([0, 1], (3, 4), [1, 0, 1, 0], "shape"),
        ([1, 0], (2, 4), [1, 0, 1, 0], "ascending"),
        ([0, 1], (2, 4), [1, 1, 1, 1], "one is missing"),
    ],
)
def test_unfit_input_is_refused(scales, shape, men, message):
    with pytest.raises(NeutralScaleError, match=message):
        neutral_scale(scales, np.full(shape, 0.5), np.ones(shape), np.ones(4), men, np.random.default_rng(0))
