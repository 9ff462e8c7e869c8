"""Settings of the pictures: which data sets there are, how they are read, and how words come onto them."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from prefclip.config.sections import Count, Name, Section


class OwnSet(Section):
    """A folder of images as a data set: <class>/<image>, or that below train, validation and test."""

    folder: str = Field(description="from the folder of the repository, ~ and $VARIABLES expanded")
    template: str = Field("a photo of a {}.", description="the prompt, with {} for a class name")

    @field_validator("template")
    @classmethod
    def _one_place(cls, template: str) -> str:
        if template.count("{}") != 1:
            raise ValueError(f"{template!r} must hold {{}} once, for the class name")
        return template


class DataConfig(Section):
    """Which data sets play which role, and how many images each embedded data set renders."""

    source: Literal["embedded", "downloaded"] = Field("embedded", description="renderings that ship, or real data sets")
    root: str = Field("resources/embedded", description="folder of the raw data")
    train: Name = Field("animals", description="training set of the preference pairs")
    zero_shot: tuple[Name, ...] = Field(
        ("food", "objects", "travel", "plants", "activities"), description="sets that training never sees"
    )
    bias: tuple[Name, ...] = Field(("people",), description="gender sets")
    real: tuple[Name, ...] = Field((), description="photographs that bear a word already, and their clean twins")
    own: dict[Name, OwnSet] = Field(
        default_factory=dict, description="data sets of one's own by name, for train and zero_shot"
    )
    train_images: Count = Field(6400, description="embedded only: images rendered for the training split")
    validation_images: Count = Field(1280, description="embedded only: images rendered for each validation split")
    test_images: Count = Field(1280, description="embedded only: images rendered for each test split, at most")
    scenes: Count = Field(
        5, description="embedded only: renderings of each drawing in validation and test splits, at most"
    )
    people_train_images: int = Field(
        0, ge=0, description="embedded only: images of each gender set that concept maps are trained on"
    )


class ReadingConfig(Section):
    """Which images of downloaded data sets are read, and how; the embedded world has no such choices."""

    bottleneck: Count | None = Field(
        None, description="side to which images are reduced after words came onto them (released code: 168)"
    )
    colours: Literal["srgb", "as_stored"] = Field(
        "as_stored",
        description="as CLIP's preprocessing reads files, or upright, on white and converted to sRGB",
    )
    splits: Literal["official", "released"] = Field("official", description="official tests, or what the code scored")
    drop: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="share of a test split left out at random")
    capped: bool = Field(False, description="the released code's caps of 5,120 and 2,048 images")
    validation_images: int = Field(0, ge=0, description="training images held out where a set has no validation split")
    max_images: Count | None = Field(
        None,
        description="a rehearsal: at most so many images of each split, of all classes, and of words; fetches nothing",
    )
    split_seed: int = Field(0, ge=0, description="another seed draws other images wherever some are drawn")


class AttackConfig(Section):
    """Typographic attack synthesis."""

    smallest_size: Count = Field(11, description="smallest font size drawn, pixels")
    largest_size: Count = Field(19, description="largest font size drawn, pixels")
    variants: Count = Field(1, description="attacked images made of each clean image")
    seed: int = Field(0, ge=0, description="a new seed draws other words, fonts, colours and places")
    conditions: tuple[Literal["painted", "painted_held_out", "slip", "slip_held_out"], ...] = Field(
        ("painted",),
        min_length=1,
        description="how test images are attacked: the word painted on, in fonts and colours that training sees, comes "
        "first; then in held-out ones, or on a slip of paper",
    )
    ink: tuple[Literal["turned", "mirrored", "scrambled"], ...] = Field(
        ("turned", "mirrored"),
        min_length=1,
        description="what makes the ink of an attack's twin unreadable; one by one",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "AttackConfig":
        if self.largest_size < self.smallest_size:
            raise ValueError("largest_size must be at least smallest_size")
        if self.conditions[0] != "painted" or len(set(self.conditions)) < len(self.conditions):
            raise ValueError(f"conditions: painted comes first, and each once, got {list(self.conditions)}")
        return self
