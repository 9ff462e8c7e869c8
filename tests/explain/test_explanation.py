"""Probabilities and maps of a few pictures, for both kinds of image towers."""

import numpy as np
import pytest
import torch
from tiny_training import add_tiny_vit

from prefclip.config import ModelConfig
from prefclip.datasets.class_lists import ClassList
from prefclip.explain.explanation import explain_pictures
from prefclip.explain.saliency import SaliencyError
from prefclip.models.loading import load_model

LABELS = ClassList("labels", "own", ("cat", "dog", "polar bear"), "a photo of a {}.")


@pytest.fixture(scope="module", params=["vit", "conv"])
def loaded(request, tmp_path_factory):
    if request.param == "conv":
        return load_model(ModelConfig(weights="random"))
    name = add_tiny_vit(tmp_path_factory.mktemp("architectures"))
    return load_model(ModelConfig(name=name, weights="random", image_size=32))


def pictures(loaded, count=3):
    size = (count, loaded.image_size, loaded.image_size, 3)
    return np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)


def test_every_picture_gets_probabilities_and_a_map_of_its_likeliest_label(loaded):
    shown = pictures(loaded)
    found = explain_pictures(loaded, shown, LABELS)
    assert len(found) == 3
    with torch.no_grad():
        images = loaded.model.encode_image(loaded.preprocess(shown), normalize=True)
        texts = loaded.model.encode_text(loaded.tokenizer(LABELS.prompts()), normalize=True)
        expected = torch.softmax(loaded.model.logit_scale.exp() * images @ texts.T, dim=1)
    for one, wanted in zip(found, expected.numpy(), strict=True):
        np.testing.assert_allclose(one.probabilities, wanted, atol=1e-5)
        assert one.target == one.probabilities.argmax() == one.top(1)[0][0]
        assert one.saliency.shape == shown.shape[1:3] and one.saliency.min() >= 0
        assert one.saliency.max() in (0, pytest.approx(1)) and (one.strength > 0) == (one.saliency.max() > 0)
    places = [place for place, _ in found[0].top(5)]
    assert sorted(places) == [0, 1, 2] and found[0].top(2) == found[0].top(5)[:2]


def test_one_picture_at_a_time_or_all_together(loaded):
    shown = pictures(loaded)
    together = explain_pictures(loaded, shown, LABELS, targets=[0, 1, 2], threads=1)
    for place, one in enumerate(together):
        (alone,) = explain_pictures(loaded, shown[place : place + 1], LABELS, targets=[place], threads=1)
        np.testing.assert_allclose(alone.saliency, one.saliency, atol=1e-3)
        assert alone.target == one.target == place and alone.strength == pytest.approx(one.strength, rel=1e-3)


def test_other_explainers_by_name(loaded):
    first, second = (
        explain_pictures(loaded, pictures(loaded, 1), LABELS, [0], name)[0].saliency
        for name in ("occlusion", "integrated_gradients")
    )
    assert np.abs(first - second).max() > 0.1
    with pytest.raises(SaliencyError, match="unknown explainer 'occluson'; allowed: occlusion, integrated_gradients"):
        explain_pictures(loaded, pictures(loaded, 1), LABELS, explainer="occluson")
