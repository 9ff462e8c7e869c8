"""Readers of raw folders, one module per source family: which images there are, in which split, of which class."""

from prefclip.datasets.loaders.listings import DatasetFolderError, Listing
from prefclip.datasets.loaders.readers import READERS, list_images, read_folder

__all__ = ["READERS", "DatasetFolderError", "Listing", "list_images", "read_folder"]
