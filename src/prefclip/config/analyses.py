"""Settings of what is studied beyond accuracy: concept maps and saliency. Sections of the configuration."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefclip import objectives
from prefclip.config.methods import Parameters
from prefclip.config.sections import Count, Distinct, Fraction, Positive, Section, Seeds, listed

DEFAULT_SCALES = tuple(quarter / 4 for quarter in range(-16, 17))
# Settings of a concept map that are only about measuring it.
MEASURED_WITH = {"scales", "top", "floor", "seeds"}


Explainer = Literal["occlusion", "integrated_gradients", "hires_cam", "grad_cam", "relevance", "rollout"]
ATTENTION_ONLY = ("relevance", "rollout")


class ConceptConfig(Section):
    """A linear map W on both embeddings, how it is trained, and the powers t that are looked at."""

    concept: Literal["reading", "gender"] = Field(description="trained on typographic or on gender pairs")
    dataset: str | None = Field(None, description="gender only: a set of data.bias; its first unless given")
    seeds: Seeds = Field((0,), description="the map is trained once with every seed")
    objective: str = Field("dpo", description="a file of src/prefclip/objectives")
    parameters: Parameters = Field(default_factory=dict, description="arguments of the objective")
    start: Literal["identity", "orthogonal"] = Field("identity", description="W before training")
    rank: Count | None = Field(None, description="rows of W; all unless given (released code: 256 of 512)")
    separate: bool = Field(False, description="one W for images and one for texts instead of a shared one")
    unitarity_weight: float = Field(2.0**-17, ge=0, description="weight of the penalty ‖I − W Wᵀ‖_F")
    floor: Annotated[float, Field(gt=0, lt=1)] = Field(
        1e-6, description="smallest singular value that t < 0 inverts, relative to the largest"
    )
    epochs: Count = Field(10, description="passes over the pairs")
    batch_size: Count = Field(128, description="pairs per optimizer step")
    learning_rate: Positive = Field(3e-3, description="peak rate of Adamax")
    warmup_ratio: Fraction = Field(0.1, description="share of the steps with linearly rising learning rate")
    preference: Literal["factual", "reversed", "neutral"] = Field(
        "factual", description="gender only: which caption should win on an image of a woman or a man"
    )
    scales: tuple[float, ...] = Field(DEFAULT_SCALES, min_length=2, description="values of t, ascending")
    top: tuple[Count, ...] = Field(
        (5, 10, 20, 50, 100), description="gender only: K of the retrieval metrics, ascending"
    )

    def trained_with(self) -> dict[str, object]:
        """Return the settings that the trained map depends on, as plain values."""
        return self.model_dump(mode="json", exclude=MEASURED_WITH)

    @model_validator(mode="after")
    def _consistent(self) -> "ConceptConfig":
        objectives.settings_of(self.objective).check(self.parameters)
        for name in ("scales", "top"):
            values = getattr(self, name)
            if list(values) != sorted(set(values)):
                raise ValueError(f"{name}: values must ascend and differ, got {list(values)}")
        if self.concept == "reading" and self.dataset is not None:
            raise ValueError("dataset: a reading map is trained on data.train; remove the key")
        if not {0.0, 1.0} <= set(self.scales):
            raise ValueError("scales: 0 (the untouched model) and 1 (the trained map) must be among them")
        if self.preference == "neutral" and not objectives.settings_of(self.objective).learns_neutrality:
            able = listed(tuple(name for name in objectives.names() if objectives.settings_of(name).learns_neutrality))
            raise ValueError(
                f"preference: {self.objective} gains nothing from neutral pairs, which win and lose alike; use {able}"
            )
        if self.rank is not None and self.start == "identity":
            raise ValueError("start: a map of reduced rank has no identity; use orthogonal")
        return self


class SaliencyConfig(Section):
    """Where models look: how many images, for which texts, and how it is measured."""

    dataset: str | None = Field(None, description="data set of the images; the training set unless given")
    images: Count = Field(150, description="typographic images of the test split, drawn by id, each of another drawing")
    explainers: Annotated[tuple[Explainer, ...], Distinct] = Field(
        ("occlusion", "integrated_gradients", "hires_cam", "grad_cam"),
        min_length=1,
        description="what the shares are measured with; relevance and rollout too for ViTs",
    )
    targets: Annotated[tuple[Literal["predicted", "true", "written"], ...], Distinct] = Field(
        ("predicted", "true", "written"), min_length=1, description="whose logit is explained"
    )
    steps: Count = Field(8, description="steps of the integrated gradients")
    batch_size: Count = Field(64, description="images explained at once")
    examples: Count = Field(2, description="images of the saliency grid")

    def check_against(self, datasets: tuple[str, ...], model: str) -> None:
        """Raise ValueError for a data set that the run does not have, and for explainers that do not fit the model."""
        if self.dataset is not None and self.dataset not in datasets:
            raise ValueError(
                f"saliency.dataset: {self.dataset!r} is no attacked data set of the run; allowed: {', '.join(datasets)}"
            )
        unfit = [name for name in self.explainers if name in ATTENTION_ONLY]
        if unfit and model == "emoji-clip":
            raise ValueError(
                f"saliency.explainers: {unfit[0]} needs the attention of a ViT, and emoji-clip has none; use "
                "occlusion, integrated_gradients, hires_cam or grad_cam"
            )
