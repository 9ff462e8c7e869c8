"""From CLIP logits to log-probabilities over the candidate texts.

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
