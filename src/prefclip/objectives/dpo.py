"""Direct preference optimisation: the true class against the written one, as a logistic choice."""

import torch.nn.functional as F
from torch import Tensor


def dpo_loss(margin: Tensor, beta: float, label_smoothing: float = 0.0) -> Tensor:
    """-(1 - e) log sigmoid(beta h) - e log sigmoid(-beta h), one value per example, in nats.

    `margin`: h = [log pi(y_w|x') - log pi(y_l|x')] - [the same under the reference], shape (B,), in nats, where x' is
    the attacked image, y_w its true class and y_l the written one. `beta` > 0 is the inverse temperature of the
    preference. `label_smoothing` e in [0, 0.5) is the share of preferences taken to be flipped. Returns (B,), each
    >= 0, and log 2 at h = 0. Arguments are not checked here; `objective("dpo", ...)` checks them.

    Rafailov et al. 2023, arXiv:2305.18290, eq. 7; smoothing: Mitchell 2023, "A note on DPO with noisy preferences"
    (cDPO), eq. 3. It differs from robust DPO (arXiv:2403.00409), which subtracts the second term and rescales.
    """
    loss = -F.logsigmoid(beta * margin)
    if label_smoothing == 0.0:
        return loss
    return (1.0 - label_smoothing) * loss - label_smoothing * F.logsigmoid(-beta * margin)
