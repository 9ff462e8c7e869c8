"""What can be asked of each objective: parameters, defaults and ranges, without the losses themselves.

Configurations are checked against these tables on every start, so this module must not import torch. The defaults are
the settings printed in the paper (Afzali et al. 2025, arXiv:2411.08923); `ce_kl` takes the weight that is printed for
DPO. A parameter that a loss cannot have is either absent or fixed at the one value that says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from prefclip.errors import PrefclipError
from prefclip.objectives.parameters import Choice, Number, ObjectiveParameterError

Parameters = Mapping[str, float | str]
PREFERENCE_OBJECTIVES = ("dpo", "ipo", "kto")
REFERENCE_POINTS = ("regulariser", "mismatched", "exact")


class UnknownObjectiveError(PrefclipError, ValueError):
    """A name that no objective has."""


@dataclass(frozen=True)
class ObjectiveSettings:
    """The parameters of one objective, and how to check them."""

    name: str
    description: str
    parameters: Mapping[str, Number | Choice]

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


def _beta(default: float, meaning: str) -> Number:
    return Number(default, meaning, exclusive_minimum=0.0)


def _regulariser_weight(default: float) -> Number:
    return Number(default, "weight lambda of the mean KL(ref‖policy) on the clean images", minimum=0.0)


_NO_SMOOTHING = Choice(0.0, "dpo alone smooths labels", values=(0.0,))

_SETTINGS = (
    ObjectiveSettings(
        "dpo",
        "direct preference optimisation: logistic loss on the margin, KL on the clean twin",
        {
            "beta": _beta(1.0, "inverse temperature of the preference"),
            "regulariser_weight": _regulariser_weight(1.0),
            "label_smoothing": Number(
                0.0, "share of preferences taken to be flipped", minimum=0.0, exclusive_maximum=0.5
            ),
        },
    ),
    ObjectiveSettings(
        "ipo",
        "identity preference optimisation: squared loss around a finite margin, KL on the clean twin",
        {
            "beta": _beta(0.01, "sets the target margin 1 / (2 beta), in nats"),
            "regulariser_weight": _regulariser_weight(0.01),
            "label_smoothing": _NO_SMOOTHING,
        },
    ),
    ObjectiveSettings(
        "kto",
        "Kahneman-Tversky optimisation: each label judged by a reference point, KL on the clean twin",
        {
            "beta": _beta(1.5, "steepness of the value function around the reference point"),
            "regulariser_weight": _regulariser_weight(0.01),
            "label_smoothing": _NO_SMOOTHING,
            "reference_point": Choice("regulariser", "how the policy's overall drift is estimated", REFERENCE_POINTS),
        },
    ),
    ObjectiveSettings(
        "ce",
        "cross-entropy on the attacked images alone: no reference, no clean images, no regulariser",
        {"regulariser_weight": Choice(0.0, "ce_kl is cross-entropy with a regulariser", values=(0.0,))},
    ),
    ObjectiveSettings(
        "ce_kl",
        "cross-entropy on the attacked images, KL on the clean twin: differs from dpo in the loss alone",
        {"regulariser_weight": _regulariser_weight(1.0)},
    ),
)

SETTINGS: Mapping[str, ObjectiveSettings] = MappingProxyType({entry.name: entry for entry in _SETTINGS})


def settings_of(name: str) -> ObjectiveSettings:
    """The settings of the objective called `name`; raises `UnknownObjectiveError` that lists all names."""
    if name not in tuple(SETTINGS):
        raise UnknownObjectiveError(f"unknown objective {name!r}, allowed: {', '.join(SETTINGS)}")
    return SETTINGS[name]
