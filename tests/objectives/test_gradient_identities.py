"""Where the gradient of each loss points, and how hard, against autograd in float64.

For any network the gradient of a loss is that of two cross-entropies, towards the true class and away from the written
one, each weighed example by example. With frozen text features T and logits T·I / tau, the gradient with respect to the
image embedding I is a known vector. The reference enters through the weights alone.
"""

import pytest
import torch
import torch.nn.functional as F

from prefclip.objectives import objective
from prefclip.objectives.dpo import dpo_weight
from prefclip.objectives.ipo import ipo_weight
from prefclip.objectives.kto import REFERENCE_POINTS, kto_weights

TAU = 0.01  # CLIP's logit scale is 100
IMAGES, CLASSES, WIDTH = 7, 5, 16


@pytest.fixture
def world():
    generator = torch.Generator().manual_seed(7)

    def normal(rows: int) -> torch.Tensor:
        return torch.randn(rows, WIDTH, generator=generator, dtype=torch.float64)

    text = F.normalize(normal(CLASSES), dim=1)
    reference = normal(IMAGES)
    image = reference + 0.02 * normal(IMAGES)
    true_label = torch.randint(CLASSES, (IMAGES,), generator=generator)
    written_label = (true_label + 1) % CLASSES
    return text, image.requires_grad_(), F.normalize(reference, dim=1), true_label, written_label


def attacked_loss(name, parameters, embedding, world):
    """The sum (not the mean) of the examples' preference losses, and both rewards of each, detached."""
    text, _, reference, true_label, written_label = world
    policy_logits, reference_logits = embedding @ text.T / TAU, reference @ text.T / TAU
    value = objective(name, regulariser_weight=0.0, **parameters)(
        None, policy_logits, None, reference_logits, true_label, written_label
    )
    log_ratio = (policy_logits.log_softmax(1) - reference_logits.log_softmax(1)).detach()
    rows = torch.arange(IMAGES)
    return IMAGES * value.total, log_ratio[rows, true_label], log_ratio[rows, written_label]


SETTINGS = [
    ("dpo", {"beta": 1.0}),
    ("dpo", {"beta": 0.3, "label_smoothing": 0.1}),
    ("ipo", {"beta": 0.01}),
    ("ipo", {"beta": 1.0}),
]


def signed_weight(name, h, beta, label_smoothing=0.0):
    """-dL/dh, written out independently of the package."""
    if name == "dpo":
        return beta * (1.0 / (1.0 + torch.exp(beta * h)) - label_smoothing)
    return -2.0 * (h - 1.0 / (2.0 * beta))


@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
def test_margin_losses_move_the_embedding_along_the_difference_of_the_two_texts(name, parameters, world):
    text, image, _, true_label, written_label = world
    embedding = F.normalize(image.detach(), dim=1).requires_grad_()
    total, reward_true, reward_written = attacked_loss(name, parameters, embedding, world)
    (gradient,) = torch.autograd.grad(total, embedding)

    weight = signed_weight(name, reward_true - reward_written, **parameters)
    direction = text[true_label] - text[written_label]
    torch.testing.assert_close(gradient, -weight[:, None] * direction / TAU, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
def test_after_normalisation_the_gradient_is_projected_on_the_tangent_space(name, parameters, world):
    text, image, _, true_label, written_label = world
    total, reward_true, reward_written = attacked_loss(name, parameters, F.normalize(image, dim=1), world)
    (gradient,) = torch.autograd.grad(total, image)

    weight = signed_weight(name, reward_true - reward_written, **parameters)
    free = -weight[:, None] * (text[true_label] - text[written_label]) / TAU
    length = image.detach().norm(dim=1, keepdim=True)
    unit = image.detach() / length
    tangent = (free - (free * unit).sum(dim=1, keepdim=True) * unit) / length
    torch.testing.assert_close(gradient, tangent, rtol=0, atol=1e-8)
    torch.testing.assert_close(
        (gradient * unit).sum(dim=1), torch.zeros(IMAGES, dtype=torch.float64), rtol=0, atol=1e-8
    )


@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
def test_the_margin_is_linear_in_the_shift_of_the_embedding(name, parameters, world):
    text, image, reference, true_label, written_label = world
    embedding = F.normalize(image.detach(), dim=1)
    _, reward_true, reward_written = attacked_loss(name, parameters, embedding, world)
    expected = ((text[true_label] - text[written_label]) * (embedding - reference)).sum(dim=1) / TAU
    torch.testing.assert_close(reward_true - reward_written, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
def test_per_example_weight_is_the_derivative_by_the_margin(name, parameters):
    margin = torch.linspace(-60.0, 60.0, 41, dtype=torch.float64)
    weight = torch.from_numpy({"dpo": dpo_weight, "ipo": ipo_weight}[name](margin.numpy(), **parameters))
    torch.testing.assert_close(weight, signed_weight(name, margin, **parameters), rtol=0, atol=1e-8)


@pytest.mark.parametrize("reference_point", ["mismatched", "exact"])
def test_kto_moves_the_embedding_along_both_texts_relative_to_the_expected_text(reference_point, world):
    text, image, reference, true_label, written_label = world
    beta = 0.7
    embedding = F.normalize(image.detach(), dim=1).requires_grad_()
    parameters = {"beta": beta, "reference_point": reference_point}
    total, reward_true, reward_written = attacked_loss("kto", parameters, embedding, world)
    (gradient,) = torch.autograd.grad(total, embedding)

    log_policy = (embedding.detach() @ text.T / TAU).log_softmax(1)
    log_ratio = log_policy - (reference @ text.T / TAU).log_softmax(1)
    if reference_point == "exact":
        z0 = (log_policy.exp() * log_ratio).sum(1).mean()
    else:
        rows, following = torch.arange(IMAGES), torch.arange(1, IMAGES + 1) % IMAGES
        z0 = 0.5 * (log_ratio[rows, true_label[following]] + log_ratio[rows, written_label[following]]).mean()
        z0 = max(z0, torch.zeros_like(z0))
    rewards = (reward_true.numpy(), reward_written.numpy())
    weight_true, weight_written = map(torch.from_numpy, kto_weights(*rewards, float(z0), beta))
    expected_text = log_policy.exp() @ text
    pull = weight_true[:, None] * (text[true_label] - expected_text)
    push = weight_written[:, None] * (text[written_label] - expected_text)
    torch.testing.assert_close(gradient, -(pull - push) / TAU, rtol=0, atol=1e-8)


WEIGHED = [*SETTINGS, ("ce", {}), ("ce_kl", {})]
WEIGHED += [("kto", {"beta": 1.5, "reference_point": choice}) for choice in REFERENCE_POINTS]


@pytest.mark.parametrize(("name", "parameters"), WEIGHED)
def test_every_loss_pulls_by_two_weighted_cross_entropies(name, parameters, pairs):
    """The gradient lemma for all parameters of a network: mean of w ∇(-log π(y_w|x')) - l ∇(-log π(y_l|x'))."""
    parameters = {**parameters, "regulariser_weight": 0.0}
    network, pictures = small_network(*pairs.policy_attacked.shape)
    reference_points = []
    loss = objective(name, **parameters)
    value = loss(
        pairs.policy_clean,
        network(pictures),
        pairs.reference_clean,
        pairs.reference_attacked,
        pairs.true_label,
        pairs.written_label,
        process_mean=lambda z0: reference_points.append(z0) or z0,
    )
    z0 = float(reference_points[0]) if reference_points else 0.0
    z0 = max(z0, 0.0) if parameters.get("reference_point") == "mismatched" else z0

    entropies = [F.cross_entropy(network(pictures), label, reduction="none") for label in pairs[4:]]
    initial = [F.cross_entropy(pairs.reference_attacked, label, reduction="none") for label in pairs[4:]]
    rewards = [(before - after).detach().numpy() for before, after in zip(initial, entropies, strict=True)]
    weights = map(torch.from_numpy, loss.spec.example_weights(*rewards, z0, loss.parameters))
    towards, away = (weight @ entropy / len(pictures) for weight, entropy in zip(weights, entropies, strict=True))
    found, expected = (torch.autograd.grad(each, [*network.parameters()]) for each in (value.total, towards - away))
    assert sum(part.abs().max() for part in found) > 1e-3
    for gradient, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(gradient, wanted, rtol=1e-10, atol=1e-12)


def small_network(images: int, classes: int) -> tuple[torch.nn.Module, torch.Tensor]:
    """A policy of two layers in float64, and its pictures."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        layers = torch.nn.Linear(8, 6), torch.nn.Tanh(), torch.nn.Linear(6, classes)
        return torch.nn.Sequential(*layers).double(), torch.randn(images, 8, dtype=torch.float64)


def test_the_regulariser_alone_has_no_gradient_at_the_reference_and_pulls_back_to_it_elsewhere(pairs):
    loss = objective("reg_only", regulariser_weight=2.0)
    for start, is_there in ((pairs.reference_clean, True), (pairs.policy_clean, False)):
        clean = start.clone().requires_grad_()
        value = loss(clean, pairs.policy_attacked, pairs.reference_clean, None, pairs.true_label, pairs.written_label)
        (gradient,) = torch.autograd.grad(value.total, clean)
        expected = 2.0 * (start.softmax(1) - pairs.reference_clean.softmax(1)) / len(start)
        torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-15)
        assert (float(gradient.abs().max()) < 1e-15) == is_there and float(value.preference) == 0.0
