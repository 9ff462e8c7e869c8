"""Recall at k against counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefclip.evaluation.recall import image_recall, text_recall


def test_worked_example():
    logits = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [5.0, 4.0, 6.0], [0.0, 0.0, 0.0]])
    label = np.array([0, 1, 0, 2])
    assert image_recall(logits, label, 1).tolist() == [True, False, False, False]
    assert image_recall(logits, label, 2).tolist() == [True, True, True, False]
    # Best images: caption 0 → 2, 0; caption 1 → 2, then 0 and 1 at 2.0; caption 2 → 2, 1.
    assert text_recall(logits, label, 1).tolist() == [True, False, False]
    assert text_recall(logits, label, 3).tolist() == [True, True, False]


@given(st.data(), st.integers(1, 6), st.integers(2, 6), st.integers(1, 6))
def test_as_ranking_in_python_does(data, images, captions, k):
    logits = data.draw(arrays(np.float64, (images, captions), elements=st.integers(-3, 3).map(float)))
    label = np.array(data.draw(st.lists(st.integers(0, captions - 1), min_size=images, max_size=images)))
    ranked = [sorted(range(captions), key=lambda caption: -row[caption])[:k] for row in logits]
    assert image_recall(logits, label, k).tolist() == [own in best for own, best in zip(label, ranked, strict=True)]
    expected = []
    for caption in sorted(set(label.tolist())):
        best = sorted(range(images), key=lambda image: -logits[image, caption])[:k]
        expected.append(any(label[image] == caption for image in best))
    assert text_recall(logits, label, k).tolist() == expected


@pytest.mark.parametrize("recall", [image_recall, text_recall])
def test_grows_with_k(recall):
    logits, label = np.random.default_rng(0).normal(size=(40, 8)), np.arange(40) % 8
    shares = [recall(logits, label, k).mean() for k in range(1, 41)]
    assert shares == sorted(shares) and shares[-1] == 1
