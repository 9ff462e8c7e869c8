"""Manifests: one row per decoded image, beside the images themselves and the class list."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from prefclip.config import Config
from prefclip.datasets.class_lists import ClassList, check_names, read_classes, write_classes
from prefclip.datasets.downloaded import downloaded_image_set
from prefclip.datasets.embedded import embedded_image_set
from prefclip.datasets.entries import DatasetEntry, Role
from prefclip.datasets.image_sets import ImageSet
from prefclip.datasets.image_stacks import open_images, write_images
from prefclip.datasets.loaders import READERS
from prefclip.datasets.parquet_tables import TableError, read_table, write_table
from prefclip.datasets.registry import dataset_entry
from prefclip.files import whole_file

__all__ = [
    "LOADERS",
    "MANIFEST_COLUMNS",
    "ClassList",
    "build_manifest",
    "open_images",
    "read_classes",
    "read_manifest",
    "role_in_run",
]

MANIFEST_COLUMNS = ("id", "row", "sha256", "split", "label", "name")

# One loader per source family: what it hands over is the same.
LOADERS: dict[str, Callable[[Config, DatasetEntry, Role], ImageSet]] = {
    "embedded": embedded_image_set,
    **dict.fromkeys(READERS, downloaded_image_set),
}


def build_manifest(
    config: Config,
    dataset: str,
    out_images: str | Path,
    out_manifest: str | Path,
    out_classes: str | Path,
    workers: int = 1,
) -> int:
    """Decode or render every image of a data set and write images, manifest and class list.

    Rows are in the order of the ids, whatever order the raw files were found in; the bytes do not depend on
    ``workers``. Returns the number of images.

    Raises:
        UnknownDatasetError: no data set has this name.
        PrefclipError: the raw files are missing, damaged or contradictory; the message names the file.
        OutputError: an output cannot be written; no half-written file stays.
    """
    entry = dataset_entry(dataset)
    role = role_in_run(config, entry)
    images = LOADERS[entry.family](config, entry, role)
    names = check_names(images.names, f"{images.origin}: {dataset}", entry.repeated_names)
    ids = images.records["id"].tolist()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    records = images.records.iloc[order].reset_index(drop=True)
    draw = _InOrder(images.draw, tuple(order))
    with whole_file(out_images) as temporary:
        drawn = write_images(temporary, len(records), (images.size, images.size), draw, pa.schema([]), workers)
        write_table(out_manifest, _manifest_table(records, names, drawn))
        write_classes(out_classes, ClassList(dataset, role, names, entry.template, entry.repeated_names))
    return len(records)


def role_in_run(config: Config, entry: DatasetEntry) -> Role:
    """Return the part that a configuration gives a data set; its usual one when it is not mentioned."""
    if entry.name == config.data.train:
        return "train"
    if entry.name in config.data.zero_shot:
        return "zero-shot"
    if entry.name in config.data.bias:
        return "bias"
    return entry.role


def read_manifest(path: str | Path) -> pd.DataFrame:
    """Read a manifest: id, row, sha256, split, label, name, then the columns of its source.

    Raises TableError naming the file when it is missing, damaged, no manifest, or lists an image twice.
    """
    remedy = "build the manifest again (prefclip manifest)"
    manifest = read_table(path, MANIFEST_COLUMNS, remedy)
    repeated = manifest["id"][manifest["id"].duplicated()]
    if len(repeated):
        raise TableError(f"{path}: the image {repeated.iloc[0]!r} is listed twice; {remedy}.")
    return manifest


@dataclass(frozen=True)
class _InOrder:
    """Draws a loader's records in the order of the manifest's rows."""

    draw: Callable[[int], np.ndarray]
    positions: tuple[int, ...]

    def __call__(self, row: int) -> tuple[np.ndarray, dict]:
        return self.draw(self.positions[row]), {}


def _manifest_table(records: pd.DataFrame, names: tuple[str, ...], drawn: pa.Table) -> pa.Table:
    base = pd.DataFrame(
        {
            "id": records["id"],
            "row": drawn["row"].to_numpy(),
            "sha256": drawn["sha256"].to_pylist(),
            "split": records["split"],
            "label": records["label"].astype("int64"),
            "name": [names[label] for label in records["label"]],
        }
    )
    further = records.drop(columns=["id", "split", "label"])
    return pa.Table.from_pandas(pd.concat([base, further], axis=1), preserve_index=False)
