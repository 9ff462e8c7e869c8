"""Lists in MATLAB files."""

from pathlib import Path

import numpy as np

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, require


def read_mat(card: Card, path: Path, key: str) -> np.ndarray:
    """Return a variable of a MATLAB file, 1-d. Raises DatasetFolderError where either is missing or damaged."""
    import scipy.io  # here, for it takes a while that most commands need not wait

    again = f"download {card.title} again"
    require(card, path, "the list")
    try:
        values = scipy.io.loadmat(path, squeeze_me=True)
    except Exception as error:  # scipy raises whatever its parser trips over
        raise DatasetFolderError(f"{path}: not a readable MATLAB file ({error}); {again}.") from error
    if key not in values:
        found = ", ".join(name for name in values if not name.startswith("__"))
        raise DatasetFolderError(f"{path}: variable {key!r} is missing, found {found or 'none'}; {again}.")
    return np.atleast_1d(values[key])
