"""Kullback-Leibler divergence between two classification policies, and the regulariser made of it."""

from torch import Tensor

from prefclip.objectives.log_policy import log_probabilities


def kl_divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p‖q) = sum_y p(y) (log p(y) - log q(y)) of each row, in nats, >= 0 up to rounding.

    `log_p`, `log_q`: log-probabilities of shape (B, K), finite. Returns (B,). The sum over the K texts is exact:
    nothing is sampled.
    """
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def kl_regulariser(policy_clean: Tensor, reference_clean: Tensor) -> Tensor:
    """L_reg = mean over the clean images of KL(ref‖policy), in nats: a scalar, >= 0 up to rounding.

    Logits of shape (B, K); the reference is a constant. The direction is that of the released code of
    arXiv:2411.08923, `F.kl_div(log pi, log pi_ref, log_target=True, reduction="batchmean")`: the reference weighs the
    classes, so that the policy pays wherever it gives up what the reference was confident of.
    """
    return kl_divergence(log_probabilities(reference_clean.detach()), log_probabilities(policy_clean)).mean()
