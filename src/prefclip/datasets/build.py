"""Making the images of one data set, its manifest and its class list."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from prefclip.config import Config
from prefclip.datasets.card import Card, dataset_card, role_in_run
from prefclip.datasets.class_lists import ClassList, check_names, write_classes
from prefclip.datasets.families import reader_of
from prefclip.datasets.manifest import CANVAS_SHA256
from prefclip.datasets.parquet_tables import write_table
from prefclip.datasets.stack_writing import write_images
from prefclip.files import whole_file


def build_manifest(
    config: Config,
    dataset: str,
    out_images: str | Path,
    out_manifest: str | Path,
    out_classes: str | Path,
    workers: int = 1,
    own: Mapping[str, Card] | None = None,
    out_canvas: str | Path | None = None,
) -> int:
    """Decode or render every image of a data set, write images, manifest and class list; return how many there are.

    Rows are in the order of the ids, whatever order the raw files were found in; the bytes do not depend on
    ``workers``. ``own`` holds the cards of a user's own sets. ``out_canvas`` gets the images as they are before a
    bottleneck reduces them, and the manifest their sha256.

    Raises UnknownDatasetError, OutputError, or another PrefclipError naming the file that is missing, damaged or
    contradictory; no half-written file stays.
    """
    card = dataset_card(dataset, own)
    role = role_in_run(config, card)
    images = reader_of(card).image_set(config, card, role)
    names = check_names(images.names, f"{images.origin}: {dataset}", card.repeated_names)
    ids = images.records["id"].tolist()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    records = images.records.iloc[order].reset_index(drop=True)

    def drawn_into(path: Path, draw: Callable[[int], np.ndarray]) -> pa.Table:
        size = (images.size, images.size)
        return write_images(path, len(records), size, partial(_in_order, draw, order), pa.schema([]), workers)

    with whole_file(out_images) as temporary:
        drawn = drawn_into(temporary, images.draw)
        if out_canvas is not None:
            with whole_file(out_canvas) as canvas:
                unreduced = drawn_into(canvas, images.canvas or images.draw)
            records = records.assign(**{CANVAS_SHA256: unreduced["sha256"].to_pylist()})
        write_table(out_manifest, _manifest_table(records, names, drawn))
        write_classes(out_classes, ClassList(dataset, role, names, card.template, card.repeated_names))
    return len(records)


def _in_order(draw: Callable[[int], np.ndarray], positions: list[int], row: int) -> tuple[np.ndarray, dict]:
    return draw(positions[row]), {}


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
