"""The two files about the spectra of concept maps."""

from pathlib import Path

import pandas as pd

from prefclip.datasets.parquet_tables import read_table

REMEDY = "make it again with `prefclip concept-spectra`"
SPECTRUM_COLUMNS = ("map", "seed", "matrix", "rank", "eigenvalue")
DISTANCE_COLUMNS = ("map", "seed", "matrix", "dimension", "distance", "relative_distance", "largest", "smallest")
DISTANCE_COLUMNS += ("condition", "effective_directions")


def read_spectra(path: str | Path) -> pd.DataFrame:
    """Read SPECTRUM_COLUMNS. Raises TableError naming a file that is missing, damaged or of another kind."""
    return read_table(path, SPECTRUM_COLUMNS, REMEDY)


def read_distances(path: str | Path) -> pd.DataFrame:
    """Read DISTANCE_COLUMNS. Raises TableError as :func:`read_spectra`."""
    return read_table(path, DISTANCE_COLUMNS, REMEDY)
