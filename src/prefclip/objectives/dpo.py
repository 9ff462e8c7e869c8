"""Direct preference optimisation: the true class against the written one, as a logistic choice.

How hard an example pulls: h is a difference of log-probabilities, so whatever is trained, the gradient is that of two
cross-entropies, of the true class and against the written one, times `dpo_weight`. With a frozen text tower
h = (T_w - T_l)·(I - I_ref) / tau, hence dL/dI = (dL/dh) (T_w - T_l) / tau: the direction is the same for DPO and IPO,
and only the weight |dL/dh| tells them apart. I_ref acts through the weight alone. (The gradient lemma of
arXiv:2411.08923, derived here from the losses themselves and held by a test.)
"""

from prefclip.objectives.base import Array, Loss, Number, Tensor, positive_beta, weight_of_regulariser


def dpo_loss(margin: Tensor, beta: float, label_smoothing: float = 0.0) -> Tensor:
    """-(1 - e) log sigmoid(beta h) - e log sigmoid(-beta h), one value per example, in nats.

    `margin`: h = [log pi(y_w|x') - log pi(y_l|x')] - [the same under the reference], shape (B,), in nats, where x' is
    the attacked image, y_w its true class and y_l the written one. `beta` > 0 is the inverse temperature of the
    preference. `label_smoothing` e in [0, 0.5) is the share of preferences taken to be flipped. Returns (B,), each
    >= 0, and log 2 at h = 0. Arguments are not checked here; `objective("dpo", ...)` checks them.

    Rafailov et al. 2023, arXiv:2305.18290, eq. 7; smoothing: Mitchell 2023, "A note on DPO with noisy preferences"
    (cDPO), eq. 3. It differs from robust DPO (arXiv:2403.00409), which subtracts the second term and rescales.
    """
    import torch.nn.functional as F

    loss = -F.logsigmoid(beta * margin)
    if label_smoothing == 0.0:
        return loss
    return (1.0 - label_smoothing) * loss - label_smoothing * F.logsigmoid(-beta * margin)


def dpo_weight(margin: Array, beta: float, label_smoothing: float = 0.0) -> Array:
    """-dL/dh = beta (sigmoid(-beta h) - e) of each `dpo_loss`, (B,), per nat; arguments as there, in numpy.

    The weight of both cross-entropies in the gradient: beta / 2 at h = 0, and examples already won fade out. Negative
    only where smoothing turns the pull back.
    """
    from scipy.special import expit

    return beta * (expit(-beta * margin) - label_smoothing)


LOSS = Loss(
    __name__,
    label="DPO",
    colour="blue",
    description="direct preference optimisation: logistic loss on the margin, KL on the clean twin",
    parameters={
        "beta": positive_beta(1.0, "inverse temperature of the preference"),
        "regulariser_weight": weight_of_regulariser(1.0),
        "label_smoothing": Number(0.0, "share of preferences taken to be flipped", minimum=0.0, exclusive_maximum=0.5),
    },
    preference=lambda batch, of: dpo_loss(batch.margin, of["beta"], of["label_smoothing"]).mean(),
    example_weights=lambda true, written, _, of: (dpo_weight(true - written, of["beta"], of["label_smoothing"]),) * 2,
)
