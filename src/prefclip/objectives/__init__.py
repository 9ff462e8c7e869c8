"""The losses that CLIP is tuned with, each a file of this folder that is called like the loss and describes it.

    f = objective("dpo", beta=1.0, regulariser_weight=1.0, label_smoothing=0.0)
    value = f(policy_clean, policy_attacked, reference_clean, reference_attacked, true_label, written_label)
    value.total.backward()

A further file is a further loss; nothing lists them, and using one imports no other. Configurations are checked without
torch, so a file imports it inside its functions.
"""

from typing import TYPE_CHECKING

from prefclip.errors import PrefclipError
from prefclip.leaves import leaf_names, read_leaf
from prefclip.objectives.base import Loss

if TYPE_CHECKING:
    from prefclip.objectives.composition import Objective

SHARED = ("base", "composition")


class UnknownObjectiveError(PrefclipError, ValueError):
    """A name that no objective has."""


def names() -> tuple[str, ...]:
    """Every loss by name, sorted."""
    return leaf_names(__name__, SHARED)


def settings_of(name: str) -> Loss:
    """What the loss called `name` says of itself; raises `UnknownObjectiveError` that lists all names."""
    if name not in names():
        raise UnknownObjectiveError(f"unknown objective {name!r}, allowed: {', '.join(names())}")
    return read_leaf(__name__, name, {"LOSS": Loss}).LOSS


def objective(name: str, **parameters: float | str) -> "Objective":
    """The loss called `name` with the given parameters; those not given take their defaults.

    Raises `UnknownObjectiveError` for an unknown name and `ParameterError` for an unknown parameter or a value out of
    range. Both are `ValueError`s and say what is allowed.
    """
    from prefclip.objectives.composition import Objective

    loss = settings_of(name)
    return Objective(loss, loss.check(parameters))
