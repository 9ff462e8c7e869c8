"""What a leaf that is found by its name says of itself, and what its parameters may be: losses, kinds of methods.

Configurations are checked against these descriptions on every start, so nothing here imports torch.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

from prefclip.errors import PrefclipError

Parameters = Mapping[str, float | str]


class ParameterError(PrefclipError, ValueError):
    """A parameter that there is not, or a value out of its range."""


@dataclass(frozen=True)
class Number:
    """A finite number; the bounds carry the names that JSON Schema gives them (None: unbounded)."""

    default: float
    meaning: str
    minimum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    maximum: float | None = None

    @property
    def allowed(self) -> str:
        """The range in words, for messages: "a number > 0"."""
        bounds = (
            (">=", self.minimum),
            (">", self.exclusive_minimum),
            ("<", self.exclusive_maximum),
            ("<=", self.maximum),
        )
        return "a number " + " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)

    def check(self, label: str, value: object) -> float:
        """`value` as a float, or a `ParameterError` that starts with `label` and states the range."""
        is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if (
            not is_number
            or (self.minimum is not None and value < self.minimum)
            or (self.exclusive_minimum is not None and value <= self.exclusive_minimum)
            or (self.exclusive_maximum is not None and value >= self.exclusive_maximum)
            or (self.maximum is not None and value > self.maximum)
        ):
            raise ParameterError(f"{label} must be {self.allowed}, got {value!r}")
        return float(value)


@dataclass(frozen=True)
class Choice:
    """One of `values`; a single value says that the parameter is fixed."""

    default: float | str
    meaning: str
    values: tuple[float | str, ...]

    @property
    def allowed(self) -> str:
        """The values in words, for messages: "one of 'a', 'b'"."""
        listed = ", ".join(repr(value) for value in self.values)
        return f"one of {listed}" if len(self.values) > 1 else listed

    def check(self, label: str, value: object) -> float | str:
        """The listed value equal to `value`, or a `ParameterError` that starts with `label`."""
        for candidate in self.values:
            if candidate == value and not isinstance(value, bool):
                return candidate
        raise ParameterError(f"{label} must be {self.allowed} ({self.meaning}), got {value!r}")


@dataclass(frozen=True)
class TrainedMethod:
    """The name of a method of the configuration that is trained; which there are, the configuration knows."""

    meaning: str
    default: None = None
    allowed: ClassVar[str] = "the name of a trained method"

    def check(self, label: str, value: object) -> str:
        """`value`, or a `ParameterError` that starts with `label` for what is no name."""
        if not isinstance(value, str):
            raise ParameterError(f"{label} must be {self.allowed}, got {value!r}")
        return value


@dataclass(frozen=True)
class Described:
    """What a leaf says of itself; its module's last part is its name.

    module       `__name__` of the file
    label        as tables and figures call it
    description  in one line
    parameters   a parameter that it cannot have is either absent or fixed at the one value that says so
    """

    module: str
    label: str
    description: str
    parameters: Mapping[str, Number | Choice | TrainedMethod]
    # How messages name it and one of its parameters.
    noun: ClassVar[str]
    where: ClassVar[str]

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.module.rpartition(".")[2]

    @property
    def allowed(self) -> str:
        """All parameters with their ranges in words, for messages."""
        return "; ".join(f"{name}: {parameter.allowed}" for name, parameter in self.parameters.items()) or "none"

    def check(self, given: Mapping[str, object]) -> dict[str, float | str]:
        """All its parameters: the given ones checked, the others at their defaults.

        Raises `ParameterError` that names the parameter and says what is allowed.
        """
        for name in given:
            if name not in self.parameters:
                raise ParameterError(f"{self.noun} {self.name!r} has no parameter {name!r}, allowed are {self.allowed}")
        return {
            name: parameter.check(self.where.format(name, self.name), given.get(name, parameter.default))
            for name, parameter in self.parameters.items()
        }
