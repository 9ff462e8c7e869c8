"""Downloaded data sets as image sets: what their files list, decoded to squares."""

from pathlib import Path

from prefclip.config import Config
from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.entries import Role
from prefclip.datasets.image_sets import ImageSet
from prefclip.datasets.loaders import list_images
from prefclip.datasets.photographs import PhotographDecoder
from prefclip.datasets.reading_choices import ReadingChoices, choose_records


def downloaded_image_set(config: Config, entry: DownloadedEntry, role: Role) -> ImageSet:
    """Describe the images of a downloaded data set for a run; none is opened yet.

    Raises DatasetFolderError for missing or wrong files below ``config.data.root``.
    """
    return photograph_set(entry, config.data.root, role, _choices(config))


def _choices(config: Config) -> ReadingChoices:
    return ReadingChoices(size=config.model.image_size, **config.reading.model_dump())


def photograph_set(entry: DownloadedEntry, root: str | Path, role: Role, choices: ReadingChoices) -> ImageSet:
    """Describe the images of a data set below ``root``.

    The id of an image is its path below the set's folder; the records have what the source knows: synset, word,
    word_label, kind, gender.

    Raises:
        DatasetFolderError: files are missing or other than they should be.
        ReadingChoiceError: a choice does not fit the data set.
    """
    folder = entry.path_in(root)
    listing = list_images(entry, root)
    records = choose_records(entry, listing.records, role, choices).reset_index(drop=True)
    records = records.rename(columns={"path": "id"})
    decoder = PhotographDecoder(folder, tuple(records["id"]), choices.size, choices.bottleneck, choices.colours)
    return ImageSet(listing.names, records, choices.size, decoder, str(folder))
