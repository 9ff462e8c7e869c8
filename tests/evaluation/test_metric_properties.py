"""The metrics, whatever is predicted."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prefclip.evaluation.metrics import METRICS
from prefclip.evaluation.scoring import ScoringError, retention_kl

images = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


def answers(seed, count, classes=5):
    """Predicted, true and written labels of ``count`` images; the written word is never the true name."""
    generator = np.random.default_rng(seed)
    predicted, label = generator.integers(0, classes, (2, count))
    return predicted, label, (label + generator.integers(1, classes, count)) % classes


def mean(metric, predicted, label, word):
    rows = pd.DataFrame({"predicted": predicted, "label": label, "word_label": word, "retention_kl": 0.5})
    return METRICS[metric].per_image(rows).mean()


@given(seeds, images)
def test_shares_are_fractions_that_no_order_changes(seed, count):
    predicted, label, word = answers(seed, count)
    order = np.random.default_rng(seed).permutation(count)
    for metric, wanted in (("accuracy", label), ("text_confusion", word)):
        value = mean(metric, predicted, label, word)
        assert 0 <= value <= 1
        assert value == mean(metric, predicted[order], label[order], word[order])
        assert value == pytest.approx(sum(a == b for a, b in zip(predicted, wanted, strict=True)) / count)


@given(seeds, images)
def test_right_answers_and_written_words_exclude_each_other(seed, count):
    predicted, label, word = answers(seed, count)
    assert mean("accuracy", predicted, label, word) + mean("text_confusion", predicted, label, word) <= 1 + 1e-12


@given(seeds, images, st.floats(0.01, 100))
def test_retention_kl_is_a_divergence(seed, count, scale):
    generator = torch.Generator().manual_seed(seed)
    reference, policy = scale * torch.randn(2, count, 6, generator=generator)
    found = retention_kl(reference, policy)
    assert found.shape == (count,) and found.dtype == torch.float64
    assert (found >= 0).all()
    assert torch.equal(retention_kl(reference, reference), torch.zeros(count, dtype=torch.float64))
    # Only differences between logits count, and images do not see each other.
    assert torch.allclose(retention_kl(reference.double() + 3, policy.double() - 7), found, atol=1e-9 * scale)
    order = torch.randperm(count, generator=generator)
    assert torch.allclose(retention_kl(reference[order], policy[order]), found[order])


def test_retention_kl_has_the_reference_in_front():
    reference, policy = torch.tensor([[np.log(0.9), np.log(0.1)]]), torch.tensor([[np.log(0.5), np.log(0.5)]])
    expected = 0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)
    assert retention_kl(reference, policy).item() == pytest.approx(expected, rel=1e-6)
    assert retention_kl(policy, reference).item() != pytest.approx(expected, rel=1e-3)


def test_words_that_are_no_candidates_are_no_answers():
    assert METRICS["text_confusion"].without == {"word_label": -1}
    assert mean("text_confusion", [0, 1], [0, 0], [-1, -1]) == 0 and mean("retention_kl", [0], [0], [0]) == 0.5


def test_unfit_input_is_one_clear_error():
    with pytest.raises(ScoringError, match="one shape"):
        retention_kl(torch.zeros(2, 3), torch.zeros(2, 4))
