"""Settings of one method: a row of the main tables, or a point of a sweep."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from prefclip import methods, objectives
from prefclip.config.sections import Count, Positive, Section, as_number, listed
from prefclip.parameters import Described

Trainable = Literal["image", "all", "head"]
# How a method is trained, beside its loss; then all that only a trained method has.
METHOD_KEYS = ("averaging", "learning_rate", "epochs", "batch_size", "trainable", "max_train_images", "words")
TRAINED_WITH = ("objective", *METHOD_KEYS)
KINDS, LOSSES = {"enum": list(methods.configurable())}, {"enum": list(objectives.names())}
_TRAINED = {"properties": {"kind": {"const": methods.TRAINED}}}


def _numbers(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    for entry in value.values():
        if isinstance(entry, bool):
            raise ValueError(f"takes no yes/no, got {str(entry).lower()}")
    return {name: as_number(entry) for name, entry in value.items()}


Parameters = Annotated[dict[str, float | str], BeforeValidator(_numbers)]


class MethodConfig(Section):
    """One row of the tables. All keys but kind and parameters are of trained methods alone."""

    model_config = ConfigDict(json_schema_extra={"if": _TRAINED, "then": {"required": ["objective"]}})

    kind: str = Field(methods.TRAINED, description="a file of src/prefclip/methods", json_schema_extra=KINDS)
    objective: str | None = Field(None, description="a file of src/prefclip/objectives", json_schema_extra=LOSSES)
    parameters: Parameters = Field(default_factory=dict, description="arguments of the objective, or of the kind")
    averaging: bool = Field(True, description="also keep Beta-averaged weights")
    learning_rate: Positive | None = Field(None, description="instead of training.learning_rate")
    epochs: Count | None = Field(None, description="instead of training.epochs")
    batch_size: Count | None = Field(None, description="instead of training.batch_size")
    trainable: Trainable | None = Field(None, description="instead of training.trainable")
    max_train_images: Count | None = Field(None, description="instead of training.max_train_images")
    words: Count | None = Field(None, description="attacked images trained on per clean image; else attack.variants")

    @model_validator(mode="after")
    def _known(self) -> "MethodConfig":
        if self.kind == methods.UNTOUCHED:
            raise ValueError(f"kind: the untouched model is always there; allowed: {listed(methods.configurable())}")
        if self.is_trained and self.objective is None:
            raise ValueError(f"key 'objective' is missing ({listed(objectives.names())})")
        self.all_parameters  # noqa: B018  wrong ones show when they are checked
        unused = [key for key in TRAINED_WITH if key in self.model_fields_set and not self.is_trained]
        if unused:
            raise ValueError(f"{unused[0]}: {self.kind} methods are not trained; remove the key")
        return self

    @model_serializer(mode="wrap")
    def _used(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the keys that a method of its kind must leave out."""
        return {key: value for key, value in plain(self).items() if self.is_trained or key not in TRAINED_WITH}

    @property
    def is_trained(self) -> bool:
        """Whether it has an objective, and a training log."""
        return self.kind == methods.TRAINED

    @property
    def is_preference(self) -> bool:
        """Whether it is trained to set the true class against the written one."""
        return self.is_trained and objectives.settings_of(self.objective).is_preference

    @property
    def builds_on(self) -> tuple[str, ...]:
        """The trained methods whose weights it is computed from; none for a trained one."""
        return methods.kind_of(self.kind).builds_on(self.all_parameters)

    @property
    def kept_weights(self) -> tuple[str, ...]:
        """The weights that it leaves; the last ones stand for the method: averaged ones where it averages."""
        return ("raw", "averaged") if self.is_trained and self.averaging else ("raw",)

    @property
    def described(self) -> Described:
        """What its objective, or its kind, says of itself."""
        return objectives.settings_of(self.objective) if self.is_trained else methods.kind_of(self.kind)

    @property
    def all_parameters(self) -> dict[str, float | str]:
        """Its parameters, defaults spelt out."""
        return self.described.check(self.parameters)

    def check_builds_on(self, where: str, others: Mapping[str, "MethodConfig"]) -> None:
        """Raise ValueError starting with ``where`` unless what it builds on is trained and among ``others``."""
        trained = [name for name, other in others.items() if other.is_trained]
        for name in self.builds_on:
            if name not in trained:
                what = f"{name!r} is not trained" if name in others else f"unknown method {name!r}"
                raise ValueError(f"{where}: {what}; {self.kind} methods build on: {', '.join(trained) or 'none'}")
