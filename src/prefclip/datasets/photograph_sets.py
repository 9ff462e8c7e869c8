"""Folders of photographs as image sets: what a family's reader lists, decoded to squares."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from prefclip.datasets.card import Card, Role
from prefclip.datasets.image_sets import ImageSet
from prefclip.datasets.listings import Reader, list_images
from prefclip.datasets.photographs import PhotographDecoder
from prefclip.datasets.reading_choices import ReadingChoices, choose_records

if TYPE_CHECKING:
    from prefclip.config import Config


def photographs_of(read: Reader) -> Callable[["Config", Card, Role], ImageSet]:
    """Return what a family of raw folders is to `build`: a function that describes the images of a set for a run.

    It opens no image, and raises DatasetFolderError for missing or wrong files below ``config.data.root``.
    """

    def image_set(config: "Config", card: Card, role: Role) -> ImageSet:
        choices = ReadingChoices(size=config.model.image_size, **config.reading.model_dump())
        return photograph_set(card, config.data.root, role, choices, read)

    return image_set


def photograph_set(card: Card, root: str | Path, role: Role, choices: ReadingChoices, read: Reader) -> ImageSet:
    """Describe the images of a data set below ``root``.

    The id of an image is its path below the set's folder; the records have what the source knows: synset, word,
    word_label, kind, gender.

    Raises:
        DatasetFolderError: files are missing or other than they should be.
        ReadingChoiceError: a choice does not fit the data set.
    """
    folder = card.path_in(root)
    listing = list_images(card, root, read)
    records = choose_records(card, listing.records, role, choices).reset_index(drop=True)
    records = records.rename(columns={"path": "id"})
    decoder = PhotographDecoder(folder, tuple(records["id"]), choices.size, choices.bottleneck, choices.colours)
    return ImageSet(listing.names, records, choices.size, decoder, str(folder))
