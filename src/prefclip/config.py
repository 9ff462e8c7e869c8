"""The one way to read configuration: typed models that also produce the JSON Schema of the Snakefile."""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from prefclip.errors import PrefclipError
from prefclip.objectives import settings_of

Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class ConfigError(PrefclipError):
    """The configuration holds an unknown key, an unknown name or a value out of range."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(_Section):
    """Which data sets play which role, and how many images each embedded data set renders."""

    source: Literal["embedded", "downloaded"] = Field("embedded", description="renderings that ship, or real data sets")
    root: str = Field("resources/embedded", description="folder of the raw data")
    train: Name = Field("animals", description="training set of the preference pairs")
    zero_shot: tuple[Name, ...] = Field(
        ("food", "objects", "travel", "plants", "activities"), description="sets that training never sees"
    )
    bias: tuple[Name, ...] = Field(("people",), description="gender sets")
    train_images: Count = Field(6400, description="embedded only: images rendered for the training split")
    validation_images: Count = Field(1280, description="embedded only: images of the training set's validation split")
    test_images: Count = Field(1280, description="embedded only: images rendered for each test split")


class AttackConfig(_Section):
    """Typographic attack synthesis."""

    smallest_size: Count = Field(11, description="smallest font size drawn, pixels")
    largest_size: Count = Field(19, description="largest font size drawn, pixels")
    variants: Count = Field(1, description="attacked images made of each clean image")
    seed: int = Field(0, ge=0, description="a new seed draws other words, fonts, colours and places")

    @model_validator(mode="after")
    def _ordered(self) -> "AttackConfig":
        if self.largest_size < self.smallest_size:
            raise ValueError("largest_size must be at least smallest_size")
        return self


class ModelConfig(_Section):
    """The CLIP that is tuned: the embedded one, or any open_clip model."""

    name: str = Field("emoji-clip", description="emoji-clip, or an open_clip architecture such as ViT-B-32-quickgelu")
    weights: str = Field("resources/embedded/emoji-clip.safetensors", description="a local file or a pretrained tag")
    image_size: Count = Field(64, description="input side in pixels")

    @property
    def key(self) -> str:
        """The name used in paths."""
        return self.name.replace("/", "-")


class MethodConfig(_Section):
    """One row of the tables: an objective, its parameters, and what differs from the shared training settings."""

    objective: str = Field(description="dpo, ipo, kto, ce or ce_kl")
    parameters: dict[str, float | str] = Field(default_factory=dict, description="arguments of the objective")
    averaging: bool = Field(True, description="also keep Beta-averaged weights")
    learning_rate: Positive | None = Field(None, description="instead of training.learning_rate")
    epochs: Count | None = Field(None, description="instead of training.epochs")

    @model_validator(mode="after")
    def _known(self) -> "MethodConfig":
        settings_of(self.objective).check(self.parameters)
        return self


class TrainingConfig(_Section):
    """Settings shared by all trained methods."""

    epochs: Count = 3
    batch_size: Count = Field(128, description="pairs per optimizer step, all processes together")
    learning_rate: Positive = 2e-5
    warmup_ratio: Fraction = Field(0.1, description="share of the steps with linearly rising learning rate")
    trainable: Literal["image", "all", "head"] = Field("image", description="image tower, everything, or last layer")
    drop_last_batches: int = Field(
        0, ge=0, description="full batches skipped at the end of each epoch (released code: 1)"
    )
    averaging_alpha: Positive = Field(0.7, description="first parameter of the Beta distribution")
    averaging_beta: Positive = Field(0.7, description="second parameter of the Beta distribution")
    averaging_length: Literal["made", "planned"] = Field("made", description="steps really made, or epochs × ⌊N/B⌋")
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    compile: bool = False
    micro_batch_size: Count | None = Field(None, description="gradient accumulation; the numbers stay the same")
    checkpoint_every: Count = Field(100, description="steps between resume points")
    max_train_images: Count | None = Field(None, description="use a seeded subset of the training split")


class EvaluationConfig(_Section):
    """How the numbers are made."""

    batch_size: Count = 256
    bootstrap_samples: Count = 1000
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    max_images: Count | None = Field(None, description="cap per data set (released code: 5120)")
    drop_last_batches: int = Field(0, ge=0, description="batches never scored (released code: 2)")


class Config(_Section):
    """A whole experiment."""

    experiment: Name = Field("embedded", description="results go to results/<experiment>/")
    protocol: Literal["paper", "released_code"] = "paper"
    data: DataConfig = DataConfig()
    attack: AttackConfig = AttackConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    methods: dict[Name, MethodConfig] = Field(description="clip (untouched) is always there and needs no entry")
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0, 1, 2), min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "Config":
        if "clip" in self.methods:
            raise ValueError("methods: clip is the untouched model and takes no settings; remove the key")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds: every seed may occur once")
        if self.data.source == "embedded":
            from prefclip.datasets.registry import EMBEDDED_DATASETS

            for role, names in (
                ("train", (self.data.train,)),
                ("zero_shot", self.data.zero_shot),
                ("bias", self.data.bias),
            ):
                for name in names:
                    if name not in EMBEDDED_DATASETS:
                        allowed = ", ".join(EMBEDDED_DATASETS)
                        raise ValueError(f"data.{role}: unknown data set {name!r}; allowed: {allowed}")
        return self

    @property
    def datasets(self) -> tuple[str, ...]:
        """Every data set of the run, the training set first."""
        return (self.data.train, *self.data.zero_shot, *self.data.bias)


def read_config(path: str | Path) -> Config:
    """Read and check one YAML file.

    Raises ConfigError naming the file and key, saying what is allowed.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file; config/embedded.yaml is the default.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML ({str(error).splitlines()[0]}).") from error
    return check_config(values, str(path))


def check_config(values: Any, origin: str) -> Config:
    """Turn plain values (a parsed YAML file, or Snakemake's ``config``) into a Config.

    Raises ConfigError as :func:`read_config`.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{origin}: expected a mapping of keys, got {type(values).__name__}.")
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{origin}: " + "; ".join(_explain(entry) for entry in error.errors()) + ".") from error
    except PrefclipError as error:
        raise ConfigError(f"{origin}: {error}") from error


def _explain(entry: dict) -> str:
    where = ".".join(str(part) for part in entry["loc"]) or "top level"
    if entry["type"] == "extra_forbidden":
        allowed = _keys_beside(entry["loc"])
        close = difflib.get_close_matches(str(entry["loc"][-1]), allowed, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return f"unknown key {where!r}{hint}; allowed: {', '.join(allowed)}"
    if entry["type"] == "missing":
        return f"key {where!r} is missing"
    message = entry["msg"].removeprefix("Value error, ")
    return f"{where}: {message[0].lower()}{message[1:]}, got {entry['input']!r}" if entry["loc"] else message


def _keys_beside(location: tuple) -> list[str]:
    model: Any = Config
    for part in location[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            model = MethodConfig if model is Config or location[0] == "methods" else model
        elif part == "methods":
            model = MethodConfig
        else:
            model = field.annotation
    return list(getattr(model, "model_fields", {}))


def json_schema() -> dict:
    """Return the JSON Schema that the Snakefile validates its configuration with."""
    return Config.model_json_schema()


def method_names(config: Config) -> list[str]:
    """Rows of the tables in order: the untouched CLIP first."""
    return ["clip", *config.methods]
