"""Which parameters train."""

import open_clip
import pytest
import torch
from tiny_training import tiny_model

from prefclip.models.trainable import TrainableError, select_trainable


@pytest.fixture(params=["emoji-clip", "tiny-vit"])
def model(request, tiny_vit):
    return tiny_model() if request.param == "emoji-clip" else open_clip.create_model(tiny_vit)


def names(model, choice):
    chosen = select_trainable(model, choice)
    assert not model.training
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == set(chosen)
    return list(chosen)


def test_image(model):
    assert names(model, "image") == [name for name, _ in model.named_parameters() if name.startswith("visual.")]


def test_all(model):
    assert names(model, "all") == [name for name, _ in model.named_parameters()]


def test_head(model):
    expected = ["visual.head.3.weight", "visual.head.3.bias"] if hasattr(model, "shape") else ["visual.proj"]
    assert names(model, "head") == expected


def test_a_choice_undoes_the_one_before(model):
    names(model, "head")
    assert len(names(model, "all")) == len(list(model.parameters()))


def test_unknown_choice(model):
    with pytest.raises(TrainableError, match=r"training\.trainable: 'text' is unknown; allowed: image, all, head"):
        select_trainable(model, "text")


def test_tower_without_projection():
    model = torch.nn.Module()
    model.visual = tiny_model().visual.trunk
    with pytest.raises(TrainableError, match="has no last linear projection; use image or all"):
        select_trainable(model, "head")
