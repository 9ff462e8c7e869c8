"""Settings of one trained method: a row of the main tables, or a point of a sweep."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from prefclip import objectives
from prefclip.config.sections import Count, Positive, Section, as_number, listed

Trainable = Literal["image", "all", "head"]


def _numbers(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    for entry in value.values():
        if isinstance(entry, bool):
            raise ValueError(f"takes no yes/no, got {str(entry).lower()}")
    return {name: as_number(entry) for name, entry in value.items()}


Parameters = Annotated[dict[str, float | str], BeforeValidator(_numbers)]


class MethodConfig(Section):
    """One row of the tables: an objective, its parameters, and what differs from the shared training settings."""

    objective: str = Field(description=listed(objectives.names()), json_schema_extra={"enum": list(objectives.names())})
    parameters: Parameters = Field(default_factory=dict, description="arguments of the objective")
    averaging: bool = Field(True, description="also keep Beta-averaged weights")
    learning_rate: Positive | None = Field(None, description="instead of training.learning_rate")
    epochs: Count | None = Field(None, description="instead of training.epochs")
    trainable: Trainable | None = Field(None, description="instead of training.trainable")
    max_train_images: Count | None = Field(None, description="instead of training.max_train_images")
    words: Count | None = Field(None, description="attacked images trained on per clean image; else attack.variants")

    @model_validator(mode="after")
    def _known(self) -> "MethodConfig":
        objectives.settings_of(self.objective).check(self.parameters)
        return self

    @property
    def kept_weights(self) -> tuple[str, ...]:
        """The weights that training leaves; the last ones stand for the method: averaged ones where it averages."""
        return ("raw", "averaged") if self.averaging else ("raw",)
