"""What is known about a data set before any of its images is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DEFAULT_TEMPLATE = "a photo of a {}."

Role = Literal["train", "zero-shot", "real", "bias"]


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """One row of the registry.

    Attributes:
        name: as in configurations and file names.
        title: as in tables and figures.
        role: what the data set is for, unless a configuration gives it another part.
        family: the loader that reads it, a key of ``manifests.LOADERS``.
        classes: the names in evaluation order, or the file of the raw folder that lists them.
        class_count: how many classes the published data set has.
        splits: images of each published split; None where the configuration decides.
        source: where the raw files come from.
        licence: SPDX identifiers, or the terms in words.
        citation: whom to cite.
        template: the prompt, with {} for a class name.
        obtained: shipped with the repository, fetched by a command, or placed by hand.
        repeated_names: names that the published list gives to more than one class.
        word_removed: photographs whose word was blanked out again, so that they count as clean.
    """

    name: str
    title: str
    role: Role
    family: str
    classes: tuple[str, ...] | str
    class_count: int
    splits: Mapping[str, int | None]
    source: str
    licence: str
    citation: str
    template: str = DEFAULT_TEMPLATE
    obtained: Literal["shipped", "fetched", "manual"] = "fetched"
    repeated_names: tuple[str, ...] = ()
    word_removed: bool = False
