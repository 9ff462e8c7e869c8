"""Gradients by single embeddings, on two pictures and three names at right angles: every number by hand.

CLIP and the first picture see no name at all, so that all three are as likely; the second is its true name.
"""

from dataclasses import replace
from math import e, log, sqrt

import numpy as np
import pytest
import torch

from prefclip import objectives
from prefclip.evaluation.pair_gradients import Embedded, pair_gradients, start_weights

NAMES, BLANK = torch.eye(4)[:3], torch.eye(4)[3]
CLIP = Embedded(torch.stack([BLANK, BLANK]), torch.stack([BLANK, BLANK]), NAMES, torch.tensor(1.0))
TUNED = CLIP._replace(attacked=torch.stack([BLANK, NAMES[1]]))
TRUE, WRITTEN = torch.tensor([0, 1]), torch.tensor([2, 0])


def found(name, policy=TUNED, **parameters):
    return pair_gradients(objectives.objective(name, **parameters), policy, CLIP, TRUE, WRITTEN)


def test_dpo_moves_every_picture_along_the_line_by_its_own_weight():
    one = found("dpo", beta=1.0)
    assert one.cosine == pytest.approx([1, 1], abs=1e-15) and one.agrees.tolist() == [1, 1]
    assert one.weight_true == pytest.approx([1 / 2, 1 / (1 + e)]) and (one.weight_written == one.weight_true).all()
    assert one.reward_true - one.reward_written == pytest.approx([0, 1])
    assert start_weights(objectives.objective("dpo", beta=0.3)) == pytest.approx((0.15, 0.15))


def test_ipo_pulls_back_what_is_beyond_its_target():
    one = found("ipo", beta=1.0)  # its target is a margin of 1/2
    assert one.cosine == pytest.approx([1, -1], abs=1e-15) and one.agrees.tolist() == [1, 1]
    assert one.weight_true == pytest.approx([1, -1]) and (one.weight_written == one.weight_true).all()


def test_cross_entropy_pushes_all_other_names_alike():
    one = found("ce")
    # Away from the mean of three names: (2, -1, -1) against (1, -1, 0).
    assert one.cosine == pytest.approx([sqrt(3) / 2] * 2, abs=1e-12) and one.agrees.tolist() == [1, 1]
    assert (one.weight_true.tolist(), one.weight_written.tolist()) == ([1, 1], [0, 0])


def test_kto_leaves_the_line_where_its_two_weights_differ():
    one = found("kto", beta=4.0)
    assert one.agrees.tolist() == [1, 1]
    rewards = 4 * np.log([3 * e / (e + 2), 3 / (e + 2)])  # clean pictures are CLIP's: the reference point is 0
    true, written = 2 / (1 + np.exp(-rewards)) / (1 + np.exp(rewards))
    assert one.weight_true == pytest.approx([1 / 2, true]) and one.weight_written == pytest.approx([1 / 2, written])
    rest = (written - true) / (e + 2)  # what is left of the mean text, of which the true name is e times the others
    step = np.array([rest - written, e * rest + true, rest])
    cosine = (step[1] - step[0]) / sqrt(2) / np.linalg.norm(step)
    assert one.cosine == pytest.approx([1, cosine], abs=1e-12) and cosine < 0.999


@pytest.mark.parametrize("choice", ["regulariser", "exact", "mismatched"])
def test_every_reference_point_is_the_one_that_the_loss_took(choice):
    moved = TUNED._replace(clean=torch.stack([NAMES[0], NAMES[2]]))
    one = found("kto", moved, beta=1.0, reference_point=choice)
    assert one.agrees.tolist() == [1, 1]
    if choice == "regulariser":
        distance = sum(log((e + 2) / (3 * part)) / 3 for part in (e, 1, 1))  # of thirds from what one name gives
        assert one.reward_true == pytest.approx([-distance, log(3 * e / (e + 2)) - distance])


@pytest.mark.parametrize("name", ["ce", "dpo", "ipo", "kto"])
def test_wrong_weights_do_not_agree(name):
    loss = objectives.objective(name)
    weights = loss.spec.example_weights

    def wrong(*given):
        true, written = weights(*given)
        return true * (1 + 1e-6), written

    loss = replace(loss, spec=replace(loss.spec, example_weights=wrong))
    assert pair_gradients(loss, TUNED, CLIP, TRUE, WRITTEN).agrees.sum() < 2


def test_a_gradient_that_vanishes_has_no_direction():
    same = TUNED._replace(names=torch.ones(3, 4) / 2)  # all names are one
    one = found("dpo", same)
    assert one.cosine.tolist() == [0, 0]
