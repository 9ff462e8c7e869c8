"""One training step and one evaluation batch of the paper's ViT-B/32 on a CPU, with random weights."""

import numpy as np
import pytest
import torch

from prefclip.config import ModelConfig
from prefclip.datasets.class_lists import ClassList
from prefclip.evaluation.scoring import class_logits as scored_logits
from prefclip.evaluation.scoring import predictions_of
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.text_features import text_features
from prefclip.models.trainable import select_trainable
from prefclip.objectives import objective
from prefclip.training.policy import Policy, class_logits

pytestmark = pytest.mark.slow
CLASSES = ClassList("imagenet100", "train", ("cock", "drake", "goose"), "a photo of a {}.")
TRUE, WRITTEN = torch.tensor([0, 1]), torch.tensor([2, 0])


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_model(ModelConfig(name="ViT-B-32-quickgelu", weights="random", image_size=224))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Two clean images and their attacked twins."""
    return np.random.default_rng(0).integers(0, 256, (4, 224, 224, 3), np.uint8)


def chosen_by(name: str, choice: str) -> bool:
    return {"image": name.startswith("visual."), "all": True, "head": name == "visual.proj"}[choice]


@pytest.mark.parametrize("choice", ["image", "all", "head"])
def test_one_step_moves_only_what_is_trained(loaded, images, choice):
    model = loaded.model
    parameters = select_trainable(model, choice)
    assert set(parameters) == {name for name, _ in model.named_parameters() if chosen_by(name, choice)}
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    texts = text_features(loaded, CLASSES)
    policy = Policy(loaded, CLASSES, choice, "fp32", compiled=False)
    with torch.no_grad():
        first = policy(torch.from_numpy(images))
    reference = class_logits(first.images, first.texts, first.scale)
    optimizer = torch.optim.Adamax(parameters.values(), lr=2e-5)
    now = policy(torch.from_numpy(images))
    clean, attacked = class_logits(now.images, now.texts, now.scale).chunk(2)
    terms = objective("dpo", beta=1.0, regulariser_weight=1.0)(clean, attacked, *reference.chunk(2), TRUE, WRITTEN)
    terms.total.backward()
    gradients = {name for name, value in model.named_parameters() if value.grad is not None}
    finite = all(bool(value.grad.isfinite().all()) for value in parameters.values())
    optimizer.step()
    # The next test uses the same model.
    model.zero_grad(set_to_none=True)
    assert gradients == set(parameters) and finite
    assert float(terms.total.detach()) == pytest.approx(np.log(2), abs=1e-4)
    moved = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert moved and moved <= set(parameters)
    assert torch.equal(text_features(loaded, CLASSES), texts) is (choice != "all")


def test_one_evaluation_batch(loaded, images):
    with torch.no_grad():
        logits = scored_logits(loaded, text_features(loaded, CLASSES), images, np.arange(4), 4)
    assert logits.shape == (4, 3) and bool(logits.isfinite().all())
    found = predictions_of(logits, np.array([0, 1, 0, 1]))
    assert found["predicted"].between(0, 2).all() and found["probability_true"].between(0, 1).all()
