"""What the file of a kind of methods is made of; nothing here imports torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from prefclip.parameters import Described, Parameters

if TYPE_CHECKING:
    from torch import Tensor  # which takes seconds to load

Weights = Mapping[str, "Tensor"]


@dataclass(frozen=True)
class Kind(Described):
    """What the file of a kind says of it, as `KIND`.

    builds_on  the trained methods whose weights it needs, with the same seed, from checked parameters
    weights    maps the base model's weights, those of each method it builds on, and checked parameters to new weights,
               float tensors all of them, by name; None where nothing is computed
    """

    builds_on: Callable[[Parameters], tuple[str, ...]] = lambda parameters: ()
    weights: Callable[[Weights, Mapping[str, Weights], Parameters], Weights] | None = None
    noun: ClassVar[str] = "kind"
    where: ClassVar[str] = "parameters.{}"
