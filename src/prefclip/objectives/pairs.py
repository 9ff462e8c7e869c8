"""A batch of preference pairs as the losses read it: log-probabilities, rewards and the KL, each computed once."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class PairBatch(NamedTuple):
    """B attacked images with K candidate texts each, under the policy and the reference. All values in nats.

    log_policy, log_reference    log pi(y|x') and log pi_ref(y|x'), (B, K)
    true_label, written_label    (B,)
    reward_true, reward_written  log pi(y|x') - log pi_ref(y|x') at the two labels, without beta, (B,)
    regulariser                  mean KL(ref‖policy) on the clean twins, a scalar
    process_mean                 averages a scalar over the processes of a distributed run

    log_reference and the rewards are None if the reference was not given, regulariser if the clean half was not.
    """

    log_policy: Tensor
    log_reference: Tensor | None
    true_label: Tensor
    written_label: Tensor
    reward_true: Tensor | None
    reward_written: Tensor | None
    regulariser: Tensor | None
    process_mean: Callable[[Tensor], Tensor]

    @property
    def margin(self) -> Tensor:
        """h = reward_true - reward_written, (B,): how much more than the reference the policy prefers the truth."""
        return self.reward_true - self.reward_written
