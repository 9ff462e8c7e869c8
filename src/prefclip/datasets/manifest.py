"""Manifests as later steps read them: one row per decoded image."""

from pathlib import Path

import pandas as pd

from prefclip.datasets.parquet_tables import TableError, read_table

MANIFEST_COLUMNS = ("id", "row", "sha256", "split", "label", "name")
# Of the image that words are written on, where a bottleneck reduces the one in the row.
CANVAS_SHA256 = "canvas_sha256"


def read_manifest(path: str | Path) -> pd.DataFrame:
    """Read MANIFEST_COLUMNS and those of the source. Raises TableError for damage, or an image listed twice."""
    remedy = "build the manifest again (prefclip manifest)"
    manifest = read_table(path, MANIFEST_COLUMNS, remedy)
    repeated = manifest["id"][manifest["id"].duplicated()]
    if len(repeated):
        raise TableError(f"{path}: the image {repeated.iloc[0]!r} is listed twice; {remedy}.")
    return manifest
