"""The predicted neutral t, on maps whose stretches are made: there the answer turns around where theory says."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from prefclip.evaluation.gender_directions import gender_directions
from prefclip.models.concept_head import ConceptHead
from prefclip.models.concept_powers import ConceptPowers

WIDTH = 6


def made_map(angle, common, opposed):
    """d and g at an angle in a plane, and W that stretches d + g and d − g in the similarity."""
    text = torch.zeros(WIDTH, dtype=torch.float64)
    text[0] = 1
    image = torch.zeros(WIDTH, dtype=torch.float64)
    image[0], image[1] = np.cos(angle), np.sin(angle)
    ways = [
        (text + image) / torch.linalg.vector_norm(text + image),
        (text - image) / torch.linalg.vector_norm(text - image),
    ]
    weight = torch.eye(WIDTH, dtype=torch.float64)
    for way, stretch in zip(ways, (common, opposed), strict=True):
        weight = weight + (np.sqrt(stretch) - 1) * torch.outer(way, way)
    head = ConceptHead(WIDTH)
    with torch.no_grad():
        head.maps["shared"].copy_(weight)
    return text, image, ConceptPowers(head)


def directions(text, image, powers, noise=0.0):
    generator = torch.Generator().manual_seed(0)
    spread = noise * torch.randn(4, WIDTH, generator=generator, dtype=torch.float64)
    men, women = text / 2 + spread, -text / 2 + spread
    images = torch.stack([image, image, -image, -image]) + 0.1
    return gender_directions(men, women, images, torch.tensor([True, True, False, False]), powers)


@given(st.floats(0.3, 2.8), st.floats(0.2, 5), st.floats(0.2, 5))
def test_similarity_is_zero_at_the_predicted_t(angle, common, opposed):
    assume(abs(np.log(common / opposed)) > 0.2)
    text, image, powers = made_map(angle, common, opposed)
    found = directions(text, image, powers)
    assert found.cos_text_image == pytest.approx(np.cos(angle), abs=1e-6)
    assert (found.stretch_common, found.stretch_opposed) == pytest.approx((common, opposed), rel=1e-4)
    assume(abs(found.predicted_t) < 5)
    at = powers.between(image[None], text[None], 1.0).logits(found.predicted_t)
    assert float(at) == pytest.approx(0, abs=1e-4)


def test_factual_maps_are_neutral_below_zero_and_reversed_ones_above():
    """cos(d, g) > 0: text and image agree."""
    assert directions(*made_map(1.0, 1.75, 0.87)).predicted_t < 0
    assert directions(*made_map(1.0, 0.6, 1.3)).predicted_t > 0


def test_the_first_edition_of_the_small_world():
    """Its measured stretches: cos 0.66, s_u 1.75, s_w 0.87 give t* = −2.28."""
    assert directions(*made_map(np.arccos(0.66), 1.75, 0.87)).predicted_t == pytest.approx(-2.28, abs=0.02)


def test_one_direction_of_gender_for_all_concepts_or_none():
    text, image, powers = made_map(1.0, 1.5, 0.9)
    assert directions(text, image, powers).cos_between_concepts == pytest.approx(1)
    men = torch.eye(WIDTH, dtype=torch.float64)[:3]
    found = gender_directions(men, -men, torch.stack([image, -image]), torch.tensor([True, False]), powers)
    assert found.cos_between_concepts == pytest.approx(0, abs=1e-9)


def test_separate_and_reduced_maps_have_no_such_theory():
    text, image, _ = made_map(1.0, 1.5, 0.9)
    for head in (ConceptHead(WIDTH, separate=True), ConceptHead(WIDTH, rank=3, start="orthogonal")):
        assert directions(text, image, ConceptPowers(head)) is None
