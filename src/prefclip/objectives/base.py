"""What the file of a loss is made of: how it describes itself, what a parameter may be, and what its function is given.

Configurations are checked against these descriptions on every start, so nothing here imports torch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from prefclip.errors import PrefclipError
from prefclip.parameters import Choice, Described, Number, Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray as Array
    from torch import Tensor
else:
    Array = Tensor = Any  # torch takes seconds to load


class ObjectiveInputError(PrefclipError, ValueError):
    """Logits or labels of a wrong kind, shape or range, or missing where the objective needs them."""


def positive_beta(default: float, meaning: str) -> Number:
    """The parameter beta > 0; defaults are the settings printed in the paper (Afzali et al. 2025, arXiv:2411.08923)."""
    return Number(default, meaning, exclusive_minimum=0.0)


def weight_of_regulariser(default: float) -> Number:
    """The parameter lambda; defaults as those of beta."""
    return Number(default, "weight lambda of the mean KL(ref‖policy) on the clean images", minimum=0.0)


NO_SMOOTHING = Choice(0.0, "dpo alone smooths labels", values=(0.0,))


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


@dataclass(frozen=True)
class Loss(Described):
    """What the file of a loss says of it, as `LOSS`.

    preference         maps a batch and checked parameters to the scalar preference term
    needs_reference    whether the preference term compares the policy with the reference
    needs_clean        whether it looks at the clean half, with checked parameters
    is_preference      whether it sets the true class against the written one
    example_weights    how hard each pair pulls: maps its rewards at the two labels (B,), in nats, a reference point and
                       checked parameters to two arrays (w, l) (B,), with which the gradient of `preference` is the mean
                       of w grad(-log pi(y_w|x')) - l grad(-log pi(y_l|x')), whatever is trained; None: not worked out
    learns_neutrality  whether pairs that win and lose alike have an optimum
    colour             a key of the figures' STYLES; None takes what other losses leave
    """

    preference: Callable[[PairBatch, Parameters], Tensor]
    needs_reference: bool = True
    needs_clean: Callable[[Parameters], bool] = lambda parameters: False
    is_preference: bool = True
    example_weights: Callable[[Array, Array, float, Parameters], tuple[Array, Array]] | None = None
    learns_neutrality: bool = True
    colour: str | None = None
    noun: ClassVar[str] = "objective"
    where: ClassVar[str] = "{} of objective {!r}"
