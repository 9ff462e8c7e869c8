"""What a parameter of an objective may be: a number in a range, or one of a few values."""

import math
from dataclasses import dataclass
from numbers import Real

from prefclip.errors import PrefclipError


class ObjectiveParameterError(PrefclipError, ValueError):
    """A parameter that the objective does not have, or a value out of its range."""


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
