"""What the file of a loss is made of: how it describes itself, what a parameter may be, and what its function is given.

Configurations are checked against these descriptions on every start, so nothing here imports torch.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

from prefclip.errors import PrefclipError

if TYPE_CHECKING:
    from torch import Tensor
else:
    Tensor = Any  # torch takes seconds to load

Parameters = Mapping[str, float | str]


class ObjectiveParameterError(PrefclipError, ValueError):
    """A parameter that the objective does not have, or a value out of its range."""


class ObjectiveInputError(PrefclipError, ValueError):
    """Logits or labels of a wrong kind, shape or range, or missing where the objective needs them."""


@dataclass(frozen=True)
class Number:
    """A finite number; the bounds carry the names that JSON Schema gives them (None: unbounded)."""

    default: float
    meaning: str
    minimum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None

    @property
    def allowed(self) -> str:
        """The range in words, for messages: "a number > 0"."""
        bounds = ((">=", self.minimum), (">", self.exclusive_minimum), ("<", self.exclusive_maximum))
        return "a number " + " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)

    def check(self, label: str, value: object) -> float:
        """`value` as a float, or an `ObjectiveParameterError` that starts with `label` and states the range."""
        is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if (
            not is_number
            or (self.minimum is not None and value < self.minimum)
            or (self.exclusive_minimum is not None and value <= self.exclusive_minimum)
            or (self.exclusive_maximum is not None and value >= self.exclusive_maximum)
        ):
            raise ObjectiveParameterError(f"{label} must be {self.allowed}, got {value!r}")
        return float(value)


@dataclass(frozen=True)
class Choice:
    """One of `values`; a single value says that the objective fixes the parameter."""

    default: float | str
    meaning: str
    values: tuple[float | str, ...]

    @property
    def allowed(self) -> str:
        """The values in words, for messages: "one of 'a', 'b'"."""
        listed = ", ".join(repr(value) for value in self.values)
        return f"one of {listed}" if len(self.values) > 1 else listed

    def check(self, label: str, value: object) -> float | str:
        """The listed value equal to `value`, or an `ObjectiveParameterError` that starts with `label`."""
        for candidate in self.values:
            if candidate == value and not isinstance(value, bool):
                return candidate
        raise ObjectiveParameterError(f"{label} must be {self.allowed} ({self.meaning}), got {value!r}")


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
class Loss:
    """What the file of a loss says of it, as `LOSS`.

    module             `__name__` of the file; its last part is the name of the loss
    label              as tables and figures call it
    description        in one line
    parameters         a parameter that a loss cannot have is either absent or fixed at the one value that says so
    preference         maps a batch and checked parameters to the scalar preference term
    needs_reference    whether the preference term compares the policy with the reference
    needs_clean        whether it looks at the clean half, with checked parameters
    is_preference      whether it sets the true class against the written one
    learns_neutrality  whether pairs that win and lose alike have an optimum
    colour             a key of the figures' STYLES; None takes what other losses leave
    """

    module: str
    label: str
    description: str
    parameters: Mapping[str, Number | Choice]
    preference: Callable[[PairBatch, Parameters], Tensor]
    needs_reference: bool = True
    needs_clean: Callable[[Parameters], bool] = lambda parameters: False
    is_preference: bool = True
    learns_neutrality: bool = True
    colour: str | None = None

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.module.rpartition(".")[2]

    @property
    def allowed(self) -> str:
        """All parameters with their ranges in words, for messages."""
        return "; ".join(f"{name}: {parameter.allowed}" for name, parameter in self.parameters.items())

    def check(self, given: Mapping[str, object]) -> dict[str, float | str]:
        """All parameters of this objective: the given ones checked, the others at their defaults.

        Raises `ObjectiveParameterError` that names the parameter and says what is allowed.
        """
        for name in given:
            if name not in self.parameters:
                raise ObjectiveParameterError(
                    f"objective {self.name!r} has no parameter {name!r}, allowed are {self.allowed}"
                )
        return {
            name: parameter.check(f"{name} of objective {self.name!r}", given.get(name, parameter.default))
            for name, parameter in self.parameters.items()
        }
