"""Plain cross-entropy, the baseline: name the attacked image correctly, whatever the reference said."""

from prefclip.objectives.base import Array, Choice, Loss, PairBatch, Parameters, Tensor


def cross_entropy_loss(log_policy: Tensor, true_label: Tensor) -> Tensor:
    """-log pi(y_w|x'), one value per example, in nats.

    `log_policy`: log-probabilities on the attacked images, (B, K). `true_label`: (B,). Returns (B,), each >= 0. The
    written label plays no part, nor do clean images or the reference: that is `ce`, the released code's baseline
    (`CE_Model`). `ce_kl` adds the same KL regulariser on the clean twin as the preference methods have, so that it
    differs from them in the preference term alone.
    """
    from prefclip.policies import at_label

    return -at_label(log_policy, true_label)


def preference(batch: PairBatch, parameters: Parameters) -> Tensor:
    """The batch mean of :func:`cross_entropy_loss`, which has no parameters."""
    return cross_entropy_loss(batch.log_policy, batch.true_label).mean()


def example_weights(true: Array, written: Array, reference_point: float, of: Parameters) -> tuple[Array, Array]:
    """1 and 0: every example pulls alike, and none pushes the written class away on its own."""
    return 1.0 + 0.0 * true, 0.0 * written


LOSS = Loss(
    __name__,
    label="CE",
    colour="orange",
    description="cross-entropy on the attacked images alone: no reference, no clean images, no regulariser",
    parameters={"regulariser_weight": Choice(0.0, "ce_kl is cross-entropy with a regulariser", values=(0.0,))},
    preference=preference,
    example_weights=example_weights,
    needs_reference=False,
    is_preference=False,
)
