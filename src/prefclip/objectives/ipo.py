"""Identity preference optimisation: a squared loss that asks for one finite margin."""

from prefclip.objectives.base import NO_SMOOTHING, Array, Loss, Tensor, positive_beta, weight_of_regulariser


def ipo_loss(margin: Tensor, beta: float) -> Tensor:
    """(h - 1 / (2 beta))^2, one value per example, in nats squared.

    `margin`: h of shape (B,), in nats (see `dpo_loss`). `beta` > 0 is Azar's tau. Returns (B,), each >= 0. Arguments
    are not checked here; `objective("ipo", ...)` checks them.

    The target margin is finite: beta = 0.01, the paper's setting, asks for 50 nats, so the loss starts at 2,500 and
    acts as a nearly constant push. A CLIP "action" is one class and not a sequence, so the dispute whether IPO sums or
    averages log-probabilities over tokens does not arise.

    Azar et al. 2023, arXiv:2310.12036, eq. 17.
    """
    return (margin - 1.0 / (2.0 * beta)).square()


def ipo_weight(margin: Array, beta: float) -> Array:
    """-dL/dh = 2 (1 / (2 beta) - h) of each `ipo_loss`, (B,), per nat; arguments as there, in numpy.

    The weight of both cross-entropies in the gradient (see `dpo_weight`): as large as the distance from the target is,
    and negative beyond it, where the pull turns back.
    """
    return 2.0 * (1.0 / (2.0 * beta) - margin)


LOSS = Loss(
    __name__,
    label="IPO",
    colour="sky",
    description="identity preference optimisation: squared loss around a finite margin, KL on the clean twin",
    parameters={
        "beta": positive_beta(0.01, "sets the target margin 1 / (2 beta), in nats"),
        "regulariser_weight": weight_of_regulariser(0.01),
        "label_smoothing": NO_SMOOTHING,
    },
    preference=lambda batch, of: ipo_loss(batch.margin, of["beta"]).mean(),
    example_weights=lambda true, written, _, of: (ipo_weight(true - written, of["beta"]),) * 2,
)
