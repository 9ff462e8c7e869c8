"""A whole experiment as typed, checked settings: what is read from a file, and what follows from it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from prefclip.config.analyses import ConceptConfig, SaliencyConfig
from prefclip.config.methods import MethodConfig, Trainable
from prefclip.config.pictures import AttackConfig, DataConfig, ReadingConfig
from prefclip.config.sections import ConfigError, Count, Fraction, Name, Positive, Section, Seeds
from prefclip.config.sweeps import METHOD_KEYS, GridPoint, SweepsConfig, expand
from prefclip.config.tuning import Trial, TuningConfig, trials_of


class KnownDataset(Protocol):
    """What is known of a data set before it is read; the registry of data sets holds such entries by name.

    ``obtained`` is ``shipped`` where it is rendered from the embedded world, ``role`` is ``real`` for photographs that
    bear a word already, and ``splits`` counts the images of each published split, None where that is not known.
    """

    obtained: str
    role: str
    splits: Mapping[str, int | None]


EMBEDDED_MODELS = ("emoji-clip", "emoji-vit")
RANDOM = "random"  # as model.weights: none to start from
ZERO_SHOT_MEAN = "zero_shot_mean"  # what the unweighted mean over the zero-shot sets is called


class ModelConfig(Section):
    """The CLIP that is tuned: the embedded one, or any open_clip model."""

    name: str = Field(
        "emoji-clip", description="emoji-clip, emoji-vit, or an open_clip architecture such as ViT-B-32-quickgelu"
    )
    weights: str = Field("resources/embedded/emoji-clip.safetensors", description="a local file or a pretrained tag")
    image_size: Count = Field(64, description="input side in pixels")

    @property
    def is_embedded(self) -> bool:
        """Whether it is one of those that ship with the repository."""
        return self.name in EMBEDDED_MODELS

    @property
    def is_random(self) -> bool:
        """Whether there are no weights to start from, as in a rehearsal."""
        return self.weights == RANDOM

    @property
    def key(self) -> str:
        """The name used in paths."""
        return self.name.replace("/", "-")


class TrainingConfig(Section):
    """Settings shared by all trained methods."""

    epochs: Count = Field(3, description="passes over the preference pairs")
    batch_size: Count = Field(128, description="pairs per optimizer step, all processes together")
    learning_rate: Positive = Field(2e-5, description="peak rate of Adamax")
    warmup_ratio: Fraction = Field(0.1, description="share of the steps with linearly rising learning rate")
    trainable: Trainable = Field("image", description="image tower, everything, or last layer")
    drop_last_batches: int = Field(
        0, ge=0, description="full batches skipped at the end of each epoch (released code: 1)"
    )
    averaging_alpha: Positive = Field(0.7, description="first parameter of the Beta distribution")
    averaging_beta: Positive = Field(0.7, description="second parameter of the Beta distribution")
    averaging_length: Literal["made", "planned"] = Field("made", description="steps really made, or epochs × ⌊N/B⌋")
    precision: Literal["fp32", "tf32", "bf16"] = Field("fp32", description="of the trained towers; losses stay in fp32")
    compile: bool = Field(False, description="compile the image tower with torch.compile")
    micro_batch_size: Count | None = Field(None, description="gradient accumulation; the numbers stay the same")
    checkpoint_every: Count = Field(100, description="steps between resume points")
    max_train_images: Count | None = Field(None, description="use a seeded subset of the training split")


class EvaluationConfig(Section):
    """How the numbers are made."""

    batch_size: Count = Field(256, description="images scored at once")
    bootstrap_samples: Count = Field(1000, description="resamples of the images behind each interval")
    confidence: Annotated[float, Field(gt=0, lt=1)] = Field(0.95, description="share that an interval covers")
    max_images: Count | None = Field(None, description="cap per data set (released code: 5120)")
    drop_last_batches: int = Field(0, ge=0, description="batches never scored (released code: 2)")


class Config(Section):
    """A whole experiment."""

    experiment: Name = Field("embedded", description="results go to results/<experiment>/")
    protocol: Literal["paper", "released_code"] = Field("paper", description="defaults of the keys that are disputed")
    data: DataConfig = DataConfig()
    reading: ReadingConfig = ReadingConfig()
    attack: AttackConfig = AttackConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    methods: dict[Name, MethodConfig] = Field(description="clip (untouched) is always there and needs no entry")
    seeds: Seeds = Field((0, 1, 2), description="each method is trained once with every seed")
    tuned: str | None = Field(
        None, description="file of chosen settings (`snakemake tune` makes one), for methods that name none themselves"
    )
    tuning: TuningConfig | None = Field(None, description="the search for these settings")
    sweeps: SweepsConfig = SweepsConfig()
    concepts: dict[Name, ConceptConfig] = Field(
        default_factory=dict, description="linear maps on the frozen model; without any, their results are left out"
    )
    saliency: SaliencyConfig | None = Field(None, description="where models look; left out unless given")

    # Of the split that a downloaded data set is trained on, where that is known.
    _train_images: int | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> "Config":
        if "clip" in self.methods:
            raise ValueError("methods: clip is the untouched model and takes no settings; remove the key")
        for name, method in self.methods.items():
            method.check_builds_on(f"methods.{name}.parameters", self.methods)
        self._check_datasets(info.context)
        for name in self.sweeps.zero_shot or ():
            if name not in self.data.zero_shot:
                allowed = ", ".join(self.data.zero_shot) or "none"
                raise ValueError(f"sweeps.zero_shot: {name!r} is not in data.zero_shot; allowed: {allowed}")
        if self.saliency is not None:
            self.saliency.check_against(self.attacked_datasets, self.model.name)
        if self.experiment in ("reference", "scratch"):
            raise ValueError(f"experiment: results/{self.experiment} is not for runs; choose another name")
        self.grid_points, self.trials  # noqa: B018  a wrong sweep or name shows when they are expanded
        for name, settings in self.concepts.items():
            if settings.concept == "gender" and not self.data.bias:
                raise ValueError(f"concepts.{name}: a gender map needs a set of people; name one in data.bias")
            if settings.dataset not in (None, *self.data.bias):
                allowed = ", ".join(self.data.bias) or "none"
                raise ValueError(
                    f"concepts.{name}.dataset: {settings.dataset!r} is not in data.bias, which has: {allowed}"
                )
        return self

    def _check_datasets(self, datasets: Mapping[str, KnownDataset] | None) -> None:
        """Check names and roles, those of real data sets only where ``datasets`` says which there are."""
        embedded = self.data.source == "embedded"
        known = {name: entry for name, entry in (datasets or {}).items() if (entry.obtained == "shipped") == embedded}
        taken = next((name for name in self.data.own if name in (*(datasets or ()), "embedded")), None)
        if taken is not None:
            raise ValueError(f"data.own: {taken!r} is a data set that prefclip knows; choose another name")
        photographs = [name for name, entry in known.items() if entry.role == "real"]
        playing = [("train", self.data.train)]
        playing += [(role, name) for role in ("zero_shot", "bias", "real") for name in getattr(self.data, role)]
        roles: dict[str, str] = {}
        for role, name in playing:
            if name in self.data.own and role in ("bias", "real"):
                raise ValueError(f"data.{role}: {name!r} is one of data.own, which are for train and zero_shot")
            if datasets is not None and name not in known and name not in self.data.own:
                allowed = ", ".join([*self.data.own, *known])
                raise ValueError(f"data.{role}: unknown data set {name!r}; allowed: {allowed}")
            if datasets is not None and role == "real" and name not in photographs:
                allowed = ", ".join(photographs) or "none of the embedded world"
                raise ValueError(f"data.real: {name!r} is no set of attacked photographs; allowed: {allowed}")
            if role != "real" and name in photographs:
                raise ValueError(f"data.{role}: {name!r} bears words already, so it belongs in data.real")
            if name in roles:
                raise ValueError(f"data.{role}: {name!r} is already in data.{roles[name]}; name every set once")
            roles[name] = role
        if self.data.train in known and not embedded:
            counts = (known[self.data.train].splits.get("train"), self.reading.max_images)
            self._train_images = min((count for count in counts if count is not None), default=None)

    @cached_property
    def plain(self) -> dict[str, Any]:
        """All values as plain ones, as JSON has them; without data sets of one's own that the run does not use."""
        values = self.model_dump(mode="json")
        values["data"]["own"] = {name: entry for name, entry in values["data"]["own"].items() if name in self.datasets}
        return values

    @property
    def datasets(self) -> tuple[str, ...]:
        """Every data set of the run, the training set first."""
        return (*self.attacked_datasets, *self.data.real)

    @property
    def attacked_datasets(self) -> tuple[str, ...]:
        """The data sets on whose images a word is written: all but the real photographs."""
        return (*self.object_datasets, *self.data.bias)

    @property
    def is_rehearsal(self) -> bool:
        """Whether its numbers say nothing: random weights, or a few images of each set."""
        return self.model.is_random or self.reading.max_images is not None

    def is_rendered(self, dataset: str) -> bool:
        """Whether the images of a data set are rendered from the embedded world, so that no file is read."""
        return self.data.source == "embedded" and dataset not in self.data.own

    def bottleneck(self, dataset: str) -> int | None:
        """The side in pixels that images of a data set are reduced to, if any; rendered ones never are."""
        return None if self.is_rendered(dataset) else self.reading.bottleneck

    @property
    def has_canvases(self) -> bool:
        """Whether words come onto other images than the clean ones: before these are reduced."""
        return any(self.bottleneck(dataset) is not None for dataset in self.attacked_datasets)

    def attack_conditions(self, dataset: str) -> tuple[str, ...]:
        """How the test images of a data set are attacked; those of people are for gender and are painted on alone."""
        return self.attack.conditions[:1] if dataset in self.data.bias else self.attack.conditions

    @cached_property
    def grid_points(self) -> tuple[GridPoint, ...]:
        """The points of all sweeps; some of them are main methods."""
        rendered = self.data.source == "embedded" and self.data.train not in self.data.own
        images = self.data.train_images if rendered else self._train_images
        shared = {**self._shared, "words": self.attack.variants}
        return expand(self.sweeps, self.methods, self.seeds, shared, images)

    @cached_property
    def every_method(self) -> dict[str, MethodConfig]:
        """The main methods, the points of the sweeps and the trials of the search, by name."""
        return {**self.methods, **{each.name: each.settings for each in (*self.grid_points, *self.trials)}}

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """The trials of the search, method by method."""
        return () if self.tuning is None else trials_of(self.tuning, self.methods)

    @property
    def derived_methods(self) -> tuple[str, ...]:
        """Those of :attr:`every_method` that need no training."""
        return tuple(name for name, settings in self.every_method.items() if not settings.is_trained)

    def derived(self, method: str) -> MethodConfig:
        """Return the settings of a method that needs no training. Raises ConfigError, which lists them."""
        if method not in self.derived_methods:
            allowed = ", ".join(self.derived_methods) or "none"
            raise ConfigError(f"methods: {method!r} is no method without training; allowed: {allowed}.")
        return self.every_method[method]

    @property
    def _shared(self) -> dict[str, Any]:
        return {key: getattr(self.training, key) for key in METHOD_KEYS if key in TrainingConfig.model_fields}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> "Config":
        """A copy with other values; what was computed from the old ones is computed again."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("plain", "grid_points", "trials", "every_method"):
            copied.__dict__.pop(name, None)
        if copied.data.train != self.data.train:
            copied._train_images = None
        return copied

    def resolved(self, method: str) -> MethodConfig:
        """The settings of a method of :attr:`every_method`, with what it shares with the others filled in."""
        settings = self.every_method[method]
        if not settings.is_trained:
            return settings
        missing = {key: value for key, value in self._shared.items() if getattr(settings, key) is None}
        return settings.model_copy(update=missing)

    def scored_datasets(self, method: str, seed: int) -> tuple[str, ...]:
        """Data sets that a run is scored on: all for the main tables, fewer for what only the sweeps need."""
        if method == "clip" or (method in self.methods and seed in self.seeds):
            return self.datasets
        return self.sweep_datasets

    @property
    def object_datasets(self) -> tuple[str, ...]:
        """The training set and the zero-shot sets; settings are chosen on their validation pictures."""
        return (self.data.train, *self.data.zero_shot)

    @property
    def sweep_datasets(self) -> tuple[str, ...]:
        """Data sets that all points of the sweeps are scored on, the training set first."""
        chosen = self.data.zero_shot if self.sweeps.zero_shot is None else self.sweeps.zero_shot
        return (self.data.train, *chosen)

    def needs_further_words(self, method: str) -> bool:
        """Whether a method is trained on more attacked images per clean image than the main run has."""
        return (self.every_method[method].words or 0) > self.attack.variants

    @property
    def further_words(self) -> tuple[int, int | None] | None:
        """The stack of further attacked training images: words per clean image, number of clean images (None: all).

        None where the images of the main run, ``attack.variants`` words each, are enough for every method.
        """
        asking = [self.resolved(method) for method in self.every_method if self.needs_further_words(method)]
        if not asking:
            return None
        sizes = [settings.max_train_images for settings in asking]
        return max(settings.words for settings in asking), None if None in sizes else max(sizes)

    def concept(self, name: str) -> ConceptConfig:
        """Return the settings of a concept map. Raises ConfigError, which lists the maps."""
        if name not in self.concepts:
            raise ConfigError(
                f"concepts: {name!r} is not in the config; allowed: {', '.join(self.concepts) or 'none'}."
            )
        return self.concepts[name]

    def concept_dataset(self, name: str) -> str:
        """Return the data set that a concept map is trained on."""
        settings = self.concept(name)
        return self.data.train if settings.concept == "reading" else settings.dataset or self.data.bias[0]


def method_names(config: Config) -> list[str]:
    """Rows of the tables in order: the untouched CLIP first."""
    return ["clip", *config.methods]
