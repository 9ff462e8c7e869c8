"""Plain cross-entropy, the baseline: name the attacked image correctly, whatever the reference said."""

from torch import Tensor

from prefclip.objectives.log_policy import at_label


def cross_entropy_loss(log_policy: Tensor, true_label: Tensor) -> Tensor:
    """-log pi(y_w|x'), one value per example, in nats.

    `log_policy`: log-probabilities on the attacked images, (B, K). `true_label`: (B,). Returns (B,), each >= 0. The
    written label plays no part, nor do clean images or the reference: that is `ce`, the released code's baseline
    (`CE_Model`). `ce_kl` adds the same KL regulariser on the clean twin as the preference methods have, so that it
    differs from them in the preference term alone.
    """
    return -at_label(log_policy, true_label)
