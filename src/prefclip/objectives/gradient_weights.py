"""How hard each example pulls: the size of the loss gradient with respect to its log-ratios.

With a frozen text tower h = (T_w - T_l)·(I - I_ref) / tau, hence dL/dI = (dL/dh) (T_w - T_l) / tau: the direction is
the same for DPO and IPO, and only this weight tells them apart. I_ref acts through the weight alone.
(The gradient lemma of arXiv:2411.08923, derived here from the losses themselves and held by a test.)

DPO   dL/dh = -beta (sigmoid(-beta h) - e)   examples already won fade out (e: label smoothing)
IPO   dL/dh = 2 (h - 1 / (2 beta))           grows with the distance from the target margin, and turns back beyond it
KTO   has no single h: see `kto_per_example_weights`
"""

import torch
from torch import Tensor

from prefclip.objectives.registry import OBJECTIVES
from prefclip.objectives.settings import UnknownObjectiveError


def per_example_weight(name: str, margin: Tensor, beta: float, label_smoothing: float = 0.0) -> Tensor:
    """|dL/dh| of one example's loss, shape (B,) like `margin` (h, in nats), each >= 0, per nat.

    `name` is "dpo" or "ipo"; any other raises `UnknownObjectiveError`. `beta` > 0, and `label_smoothing` in [0, 0.5)
    for DPO or 0 for IPO; else `ObjectiveParameterError`. Divide by B for the share in a batch mean.
    """
    if name not in ("dpo", "ipo"):
        raise UnknownObjectiveError(
            f"per_example_weight knows no objective {name!r}, allowed: dpo, ipo (for kto: kto_per_example_weights)"
        )
    parameters = OBJECTIVES[name].check({"beta": beta, "label_smoothing": label_smoothing})
    beta, label_smoothing = parameters["beta"], parameters["label_smoothing"]
    if name == "dpo":
        return (beta * (torch.sigmoid(-beta * margin) - label_smoothing)).abs()
    return (2.0 * (margin - 1.0 / (2.0 * beta))).abs()


def kto_per_example_weights(
    reward_true: Tensor, reward_written: Tensor, reference_point: Tensor | float, beta: float
) -> tuple[Tensor, Tensor]:
    """(-dL/dr_w, dL/dr_l) of one pair's `kto_loss`, two tensors of shape (B,), each between 0 and beta / 8.

    Arguments as in `kto_loss`; `beta` <= 0 raises `ObjectiveParameterError`. Each is half of beta s (1 - s), a bell
    around the reference point: unlike DPO, KTO ignores examples that are far on the wrong side as well as those far on
    the right one. With T_mean = sum_y pi(y|x') T(y),
    dL/dI = -[weight_true (T_w - T_mean) - weight_written (T_l - T_mean)] / tau.
    """
    beta = OBJECTIVES["kto"].check({"beta": beta})["beta"]
    gain = torch.sigmoid(beta * (reward_true - reference_point))
    loss = torch.sigmoid(beta * (reference_point - reward_written))
    return 0.5 * beta * gain * (1.0 - gain), 0.5 * beta * loss * (1.0 - loss)
