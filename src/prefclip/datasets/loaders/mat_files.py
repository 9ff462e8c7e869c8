"""Lists in MATLAB files."""

from pathlib import Path

import numpy as np

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import DatasetFolderError, require


def read_mat(entry: DownloadedEntry, path: Path, key: str) -> np.ndarray:
    """Return one variable of a MATLAB file as a one-dimensional array.

    Raises DatasetFolderError naming the file when it is missing, damaged or lacks the variable.
    """
    import scipy.io  # here, for it takes a while that most commands need not wait

    require(entry, path, "the list")
    try:
        values = scipy.io.loadmat(path, squeeze_me=True)
    except Exception as error:  # scipy raises whatever its parser trips over
        raise DatasetFolderError(f"{path}: not a readable MATLAB file ({error}); {_again(entry)}.") from error
    if key not in values:
        found = ", ".join(name for name in values if not name.startswith("__"))
        raise DatasetFolderError(f"{path}: variable {key!r} is missing, found {found or 'none'}; {_again(entry)}.")
    return np.atleast_1d(values[key])


def _again(entry: DownloadedEntry) -> str:
    return f"download {entry.title} again"
