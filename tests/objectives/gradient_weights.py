"""How hard one example pulls at the embedding: |dL/dh| of each preference loss, worked out by hand."""

from torch import Tensor


def dpo_weight(margin: Tensor, beta: float, label_smoothing: float = 0.0) -> Tensor:
    """|dL/dh| = |beta (sigmoid(-beta h) - e)| of each `dpo_loss`, (B,), per nat: examples already won fade out.

    Arguments as there. Divide by B for the share in a batch mean.
    """
    return (beta * ((-beta * margin).sigmoid() - label_smoothing)).abs()


def ipo_weight(margin: Tensor, beta: float) -> Tensor:
    """|dL/dh| = |2 (h - 1 / (2 beta))| of each `ipo_loss`, (B,), per nat: grows with the distance from the target.

    Arguments as there; beyond the target the pull turns back. Direction and use as those of `dpo_weight`.
    """
    return (2.0 * (margin - 1.0 / (2.0 * beta))).abs()


def kto_weights(
    reward_true: Tensor, reward_written: Tensor, reference_point: Tensor | float, beta: float
) -> tuple[Tensor, Tensor]:
    """(-dL/dr_w, dL/dr_l) of one pair's `kto_loss`, two tensors of shape (B,), each between 0 and beta / 8.

    Arguments as in `kto_loss`. Each is half of beta s (1 - s), a bell
    around the reference point: unlike DPO, KTO ignores examples that are far on the wrong side as well as those far on
    the right one. With T_mean = sum_y pi(y|x') T(y),
    dL/dI = -[weight_true (T_w - T_mean) - weight_written (T_l - T_mean)] / tau.
    """
    gain = (beta * (reward_true - reference_point)).sigmoid()
    loss = (beta * (reference_point - reward_written)).sigmoid()
    return 0.5 * beta * gain * (1.0 - gain), 0.5 * beta * loss * (1.0 - loss)
