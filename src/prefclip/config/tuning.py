"""The search for the settings of the trained methods: as many trials for each, at points that all of them share.

The points are those of Halton (1960), which fill a box evenly and need no seed; a method takes the coordinates that it
has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from prefclip.config.methods import MethodConfig
from prefclip.config.sections import Count, Positive, Section
from prefclip.parameters import Number

# What is searched over, with the base of each coordinate.
BASES = {"learning_rate": 2, "regulariser_weight": 3, "beta": 5}
KEYS = tuple(BASES)


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] >= ends[1]:
        raise ValueError(f"the lower end comes first, got {list(ends)}")
    return ends


Ends = Annotated[tuple[Positive, Positive], AfterValidator(_ascending)]


class TuningConfig(Section):
    """The search (`snakemake tune`); what it chooses is written to a file that ``tuned`` names."""

    trials: Annotated[Count, Field(le=1000)] = Field(24, description="trainings of each method, one seed each")
    ranges: dict[Literal["learning_rate", "regulariser_weight", "beta"], Ends] = Field(
        min_length=1, description="lower and upper end of each setting, the same for all methods; drawn on a log scale"
    )


@dataclass(frozen=True)
class Trial:
    """One training of the search: its number from 1, the method it is about, and the settings of that training."""

    name: str
    number: int
    method: str
    settings: MethodConfig

    @property
    def values(self) -> dict[str, float]:
        """What was drawn for it, by key."""
        own = {"learning_rate": self.settings.learning_rate, **self.settings.parameters}
        return {key: float(own[key]) for key in KEYS if own.get(key) is not None}


def trials_of(tuning: TuningConfig, methods: Mapping[str, MethodConfig]) -> tuple[Trial, ...]:
    """Return the trials of every trained method, method by method. Raises ValueError for a name that is taken."""
    found = []
    for method, settings in methods.items():
        if not settings.is_trained:
            continue
        for number in range(1, tuning.trials + 1):
            name = f"{method}-trial{number:03d}"
            if name in methods:
                raise ValueError(f"methods.{name}: a trial of {method} has this name; rename the method")
            found.append(Trial(name, number, method, _drawn(settings, tuning, number)))
    return tuple(found)


def radical_inverse(number: int, base: int) -> float:
    """The digits of a whole number mirrored at the point: 1, 2, 3 in base 2 give 0.5, 0.25, 0.75."""
    value, place = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        place /= base
        value += digit * place
    return value


def _drawn(settings: MethodConfig, tuning: TuningConfig, number: int) -> MethodConfig:
    values, parameters = settings.model_dump(), settings.described.parameters
    free = {"learning_rate", *(key for key, parameter in parameters.items() if isinstance(parameter, Number))}
    for key, base in BASES.items():
        if key in tuning.ranges and key in free:
            low, high = tuning.ranges[key]
            drawn = float(f"{low * (high / low) ** radical_inverse(number, base):.2g}")
            (values if key == "learning_rate" else values["parameters"])[key] = drawn
    return MethodConfig.model_validate(values)
