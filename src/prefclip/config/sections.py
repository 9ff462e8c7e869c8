"""What all sections of the configuration share: strict keys, and the ranges of their values."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from prefclip.errors import PrefclipError

Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=100)]


def _each_once(values: tuple) -> tuple:
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} occurs twice; name each once")
    return values


Distinct = AfterValidator(_each_once)
Seeds = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1), Distinct]


class ConfigError(PrefclipError):
    """The configuration holds an unknown key, an unknown name or a value out of range."""


class SectionError(ValueError):
    """Values put together from several keys are no ``model``; ``where`` is the section that they come from."""

    def __init__(self, where: str, error: ValidationError, model: type[BaseModel]):
        super().__init__(f"{where}: {error}")
        self.where, self.error, self.model = where, error, model


class Section(BaseModel):
    """A mapping of known keys; values are finite and cannot be changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_numbers_from_switches(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse yes/no where a number is meant, which Python takes for 1 and 0."""
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation is not bool:
            raise ValueError(f"takes no yes/no, got {str(value).lower()}")
        return value


def listed(names: tuple[str, ...]) -> str:
    """``ce, dpo or kto``, of two names at least."""
    return f"{', '.join(names[:-1])} or {names[-1]}"


def as_number(value: Any) -> Any:
    """Read 1e-3 as a number, which YAML 1.1 takes for text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
