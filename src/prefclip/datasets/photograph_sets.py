"""Folders of photographs as image sets: what a family's reader lists, decoded to squares."""

from collections.abc import Callable
from dataclasses import replace

from prefclip.config import Config
from prefclip.datasets.card import Card, Role
from prefclip.datasets.image_sets import ImageSet
from prefclip.datasets.listings import Reader, list_images
from prefclip.datasets.photographs import PhotographDecoder
from prefclip.datasets.reading_choices import choose_records


def photographs_of(read: Reader) -> Callable[[Config, Card, Role], ImageSet]:
    """Return what a family of raw folders is to `build`: a function that describes the images of a set for a run.

    It opens no image. The id of one is its path below the set's folder; the records have what the source knows: synset,
    word, word_label, kind, gender. It raises DatasetFolderError for missing or wrong files below ``config.data.root``,
    and ReadingChoiceError for a choice that does not fit the data set.
    """

    def image_set(config: Config, card: Card, role: Role) -> ImageSet:
        folder, size, choices = card.path_in(config.data.root), config.model.image_size, config.reading
        listing = list_images(card, config.data.root, read)
        records = choose_records(card, listing.records, role, choices).reset_index(drop=True)
        records = records.rename(columns={"path": "id"})
        decoder = PhotographDecoder(folder, tuple(records["id"]), size, choices.bottleneck, choices.colours)
        canvas = None if choices.bottleneck is None else replace(decoder, bottleneck=None)
        return ImageSet(listing.names, records, size, decoder, str(folder), canvas)

    return image_set
