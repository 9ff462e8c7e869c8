"""Where one step of gradient descent moves the image embedding of each attacked picture, and how hard: by autograd.

The gradient lemma of arXiv:2411.08923 (Corollary 3.2, eq. 10): along T(y_w) - T(y_l), with a weight for each example.
With unit embeddings I, unit texts T and logits scale * T·I, a loss that weighs its two cross-entropies with w and l
moves I along w (T_w - T_mean) - l (T_l - T_mean), where T_mean = sum_y pi(y|x') T(y). That is the lemma where w = l,
for then T_mean cancels.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from prefclip.objectives.composition import Objective
from prefclip.policies import at_label, log_probabilities

# Agreement of float64 is far closer; a wrong weight is off by far more.
AGREEMENT = 1e-9


class Embedded(NamedTuple):
    """N pairs under one model: unit image embeddings clean and attacked (N, D), unit names (K, D), the logit scale."""

    clean: Tensor
    attacked: Tensor
    names: Tensor
    scale: Tensor

    def logits(self, images: Tensor) -> Tensor:
        """scale * T·I of image embeddings (N, D): (N, K)."""
        return self.scale * images @ self.names.T


class PairGradients(NamedTuple):
    """One value per pair, (N,) float64, of gradient descent on the preference term with all N as one batch.

    cosine          between the step of the image embedding and T_w - T_l; 0 where the gradient vanishes
    agrees          1 where autograd's gradient is that of the weights, up to AGREEMENT of the mean length; else 0
    weight_true     w of the cross-entropy towards the true name, per nat
    weight_written  l of the cross-entropy away from the written word, per nat
    reward_true     log pi(y_w|x') - log pi_ref(y_w|x'), in nats, minus the loss's reference point where it has one
    reward_written  the same at the written word; their difference is the margin h
    """

    cosine: NDArray[np.float64]
    agrees: NDArray[np.float64]
    weight_true: NDArray[np.float64]
    weight_written: NDArray[np.float64]
    reward_true: NDArray[np.float64]
    reward_written: NDArray[np.float64]


def pair_gradients(
    loss: Objective, policy: Embedded, reference: Embedded, true_label: Tensor, written_label: Tensor
) -> PairGradients:
    """The gradient of the loss's own preference term by each attacked embedding, against `example_weights` of its file.

    All in float64. The reference point of a loss is that of all N pairs; labels (N,).
    """
    policy, reference = (Embedded(*(part.double() for part in side)) for side in (policy, reference))
    labels, attacked = (true_label, written_label), policy.attacked.requires_grad_()
    points = [0.0]

    def noted(point: Tensor) -> Tensor:
        """What a loss averages over processes is its reference point, taken for 0 below that."""
        points.append(max(0.0, float(point)))
        return point

    logits, untouched = policy.logits(attacked), reference.logits(reference.attacked)
    clean = (policy.logits(policy.clean), reference.logits(reference.clean))
    value = loss(clean[0], logits, clean[1], untouched, *labels, process_mean=noted)
    (gradient,) = torch.autograd.grad(len(logits) * value.preference, attacked)

    log_policy, log_reference = (log_probabilities(each.detach()) for each in (logits, untouched))
    rewards = [(at_label(log_policy, label) - at_label(log_reference, label)).numpy() for label in labels]
    weights = loss.spec.example_weights(*rewards, points[-1], loss.parameters)
    towards, away = (torch.from_numpy(weight)[:, None] for weight in weights)
    true, written = (policy.names[label] for label in labels)
    mean = log_policy.exp() @ policy.names
    step = policy.scale * (towards * (true - mean) - away * (written - mean))
    apart = (gradient + step).norm(dim=1)
    # Rounding may put it beyond 1.
    cosine = functional.cosine_similarity(-gradient, true - written, eps=1e-300).clamp(-1.0, 1.0)
    agrees = (apart <= AGREEMENT * gradient.norm(dim=1).mean()).double()
    return PairGradients(cosine.numpy(), agrees.numpy(), *weights, *(reward - points[-1] for reward in rewards))


def start_weights(loss: Objective) -> tuple[float, float]:
    """w and l of every pair before training: its rewards and the reference point are 0."""
    true, written = loss.spec.example_weights(np.zeros(1), np.zeros(1), 0.0, loss.parameters)
    return float(true[0]), float(written[0])
