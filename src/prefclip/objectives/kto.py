"""Kahneman-Tversky optimisation: each half of a pair is judged alone, against a reference point z0.

z0 says how far the policy has moved from the reference altogether; only a reward above it is a gain. It is a batch
mean, taken without gradient, and therefore depends on the batch size. Three estimates:

regulariser  KL(ref‖policy) on the *clean* half: what the released code does, the same number as the regulariser
exact        KL(policy‖ref) on the attacked half, summed over all K texts: what KTO's paper defines, without sampling
mismatched   the batch estimate of TRL and HALOs: the mean log-ratio of mismatched pairs, clamped at 0
"""

from prefclip.objectives.base import (
    NO_SMOOTHING,
    Array,
    Choice,
    Loss,
    ObjectiveInputError,
    PairBatch,
    Tensor,
    positive_beta,
    weight_of_regulariser,
)

REFERENCE_POINTS = ("regulariser", "mismatched", "exact")


def kto_loss(reward_true: Tensor, reward_written: Tensor, reference_point: Tensor | float, beta: float) -> Tensor:
    """Half of [1 - sigmoid(beta (r_w - z0))] + [1 - sigmoid(beta (z0 - r_l))], one value per pair, between 0 and 1.

    `reward_true`, `reward_written`: r = log pi(y|x') - log pi_ref(y|x') on the attacked image at the true and the
    written class, shape (B,), in nats. `reference_point`: z0, a scalar without gradient, in nats. `beta` > 0. Both
    weights (desirable, undesirable) are 1. Returns (B,); thanks to the half its mean over the pairs is the mean over
    the 2B judged values, as in the released code. Arguments are not checked here; `objective("kto", ...)` checks them.

    Ethayarajh et al. 2024, arXiv:2402.01306, eq. 7. Unlike in DPO and IPO the softmax normaliser does not cancel.
    """
    import torch

    true_is_no_gain = torch.sigmoid(-beta * (reward_true - reference_point))
    written_is_no_loss = torch.sigmoid(-beta * (reference_point - reward_written))
    return 0.5 * (true_is_no_gain + written_is_no_loss)


def kto_weights(reward_true: Array, reward_written: Array, reference_point: float, beta: float) -> tuple[Array, Array]:
    """(-dL/dr_w, dL/dr_l) of each `kto_loss`, two arrays (B,) between 0 and beta / 8; arguments as there, in numpy.

    The weights of the two cross-entropies in the gradient (see `dpo_weight`). Each is half of beta s (1 - s), a bell
    around the reference point: unlike DPO, KTO passes over what is far on the wrong side as well as far on the right
    one. With T_mean = sum_y pi(y|x') T(y), dL/dI = -[weight_true (T_w - T_mean) - weight_written (T_l - T_mean)] / tau.
    """
    from scipy.special import expit

    gain, loss = expit(beta * (reward_true - reference_point)), expit(beta * (reference_point - reward_written))
    return 0.5 * beta * gain * (1.0 - gain), 0.5 * beta * loss * (1.0 - loss)


def mismatched_log_ratio(log_ratio: Tensor, true_label: Tensor, written_label: Tensor) -> Tensor:
    """Mean log pi(y'|x') - log pi_ref(y'|x') where y' are both labels of the *next* image, cyclically; not yet clamped.

    `log_ratio`: (B, K) on the attacked images, in nats; labels (B,). Returns a scalar. True and written halves are
    shifted each by itself, since shifting an interleaved batch by one would pair an image with its own written word.
    A single image has no other to borrow a label from: B = 1 raises `ObjectiveInputError`.
    """
    if len(log_ratio) < 2:
        raise ObjectiveInputError(
            "kto with reference_point='mismatched' needs a batch of at least 2 images, got 1: drop the last incomplete "
            "batch or choose reference_point 'exact' or 'regulariser'"
        )
    import torch

    from prefclip.policies import at_label

    borrowed = [at_label(log_ratio, label.roll(-1)) for label in (true_label, written_label)]
    return torch.cat(borrowed).mean()


def reference_point_of(batch: PairBatch, choice: str) -> Tensor:
    """z0 in nats, a scalar >= 0 without gradient; `choice` is one of REFERENCE_POINTS.

    With several processes the estimate is averaged over them first and clamped afterwards, as in TRL.
    """
    from prefclip.policies import kl_divergence

    if choice == "regulariser":
        estimate = batch.regulariser
    elif choice == "exact":
        estimate = kl_divergence(batch.log_policy, batch.log_reference).mean()
    else:
        estimate = mismatched_log_ratio(batch.log_policy - batch.log_reference, batch.true_label, batch.written_label)
    estimate = batch.process_mean(estimate.detach())
    return estimate.clamp(min=0.0) if choice == "mismatched" else estimate


LOSS = Loss(
    __name__,
    label="KTO",
    colour="green",
    description="Kahneman-Tversky optimisation: each label judged by a reference point, KL on the clean twin",
    parameters={
        "beta": positive_beta(1.5, "steepness of the value function around the reference point"),
        "regulariser_weight": weight_of_regulariser(0.01),
        "label_smoothing": NO_SMOOTHING,
        "reference_point": Choice("regulariser", "how the policy's overall drift is estimated", REFERENCE_POINTS),
    },
    preference=lambda batch, of: kto_loss(
        batch.reward_true, batch.reward_written, reference_point_of(batch, of["reference_point"]), of["beta"]
    ).mean(),
    example_weights=lambda true, written, z0, of: kto_weights(true, written, z0, of["beta"]),
    needs_clean=lambda of: of["reference_point"] == "regulariser",
    learns_neutrality=False,
)
