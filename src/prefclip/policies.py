"""CLIP as a policy: from logits to log-probabilities over the candidate texts, and how far two policies are apart.

The policy is pi(y|x) = softmax over *all* class prompts of the data set, not over the batch, as in the released
code of arXiv:2411.08923 (`Models.py`). CLIP's logits T(y)·I(x)/tau already hold the temperature: nothing is scaled.
"""

import torch
from torch import Tensor


def log_probabilities(logits: Tensor) -> Tensor:
    """log pi(y|x) in nats.

    `logits`: (..., K), finite, any floating dtype. Returns (..., K), each value <= 0, in float64 for float64 logits
    and in float32 for everything below it, so that bf16 and fp16 logits never enter a log-softmax as they are.
    """
    precision = torch.float64 if logits.dtype == torch.float64 else torch.float32
    return torch.log_softmax(logits.to(precision), dim=-1)


def at_label(values: Tensor, label: Tensor) -> Tensor:
    """The value of each row at its label: `values` (B, K) and `label` (B,) with entries in 0..K-1 give (B,)."""
    return values.gather(1, label.long().unsqueeze(1)).squeeze(1)


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
