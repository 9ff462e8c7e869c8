"""The reader of each source family."""

from collections.abc import Callable
from pathlib import Path

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.annotated_photographs import read_disentangling, read_scam
from prefclip.datasets.loaders.class_folders import read_caltech101, read_food101
from prefclip.datasets.loaders.gender_folders import read_vl_bias
from prefclip.datasets.loaders.imagenet import read_imagenet, read_imagenet100
from prefclip.datasets.loaders.listings import DatasetFolderError, Listing, count_problems, require
from prefclip.datasets.loaders.named_photographs import read_named_photographs
from prefclip.datasets.loaders.oxford import read_aircraft, read_dtd, read_flowers102, read_pets
from prefclip.datasets.loaders.stanford_cars import read_stanford_cars
from prefclip.datasets.loaders.zhou_splits import read_eurosat, read_sun397

READERS: dict[str, Callable[[DownloadedEntry, Path], Listing]] = {
    "imagenet100": read_imagenet100,
    "imagenet": read_imagenet,
    "caltech101": read_caltech101,
    "oxford_pets": read_pets,
    "stanford_cars": read_stanford_cars,
    "flowers102": read_flowers102,
    "fgvc_aircraft": read_aircraft,
    "dtd": read_dtd,
    "sun397": read_sun397,
    "eurosat": read_eurosat,
    "food101": read_food101,
    "named_photographs": read_named_photographs,
    "disentangling": read_disentangling,
    "scam": read_scam,
    "vl_bias": read_vl_bias,
}


def read_folder(entry: DownloadedEntry, root: str | Path) -> Listing:
    """List the images of a data set below ``root`` without comparing the counts.

    Raises DatasetFolderError naming what is missing or wrong.
    """
    folder = require(entry, entry.path_in(root), "the folder")
    return READERS[entry.family](entry, folder)


def list_images(entry: DownloadedEntry, root: str | Path) -> Listing:
    """List the images of a data set and assert the published counts.

    Raises DatasetFolderError naming the folder and every count that differs.
    """
    listing = read_folder(entry, root)
    problems = count_problems(entry, listing)
    if problems:
        raise DatasetFolderError(f"{entry.path_in(root)}: {'; '.join(problems)}; {entry.remedy(root)}.")
    return listing
