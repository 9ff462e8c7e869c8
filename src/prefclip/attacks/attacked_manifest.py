"""Attacked manifests as later steps read them: one row per attacked image."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from prefclip.datasets.parquet_tables import read_table

# What is known of an attack when it is drawn.
DRAWN = {
    "attacked_id": pa.string(),
    "id": pa.string(),
    "variant": pa.int64(),
    "condition": pa.string(),
    "clean_row": pa.int64(),
    "split": pa.string(),
    "label": pa.int64(),
    "name": pa.string(),
    "word": pa.string(),
    "word_label": pa.int64(),
    "font": pa.string(),
    "size": pa.int64(),
    "box_left": pa.int64(),
    "box_top": pa.int64(),
    "box_right": pa.int64(),
    "box_bottom": pa.int64(),
    "line_boxes": pa.string(),
    "fill": pa.string(),
    "stroke": pa.string(),
    "seed": pa.int64(),
}
# What a twin keeps of its attack, and which kind of ink it has.
KEPT = [name for name in DRAWN if name not in ("clean_row", "seed")]
INK = {"ink_id": pa.string(), **{name: DRAWN[name] for name in KEPT}, "ink": pa.string()}
ATTACKED_COLUMNS = (*list(DRAWN)[:4], "row", "clean_row", "sha256", *list(DRAWN)[5:])
INK_COLUMNS = (*list(INK)[:5], "row", "sha256", *list(INK)[5:])


def read_attacked_manifest(path: str | Path) -> pd.DataFrame:
    """Read an attacked manifest, with ATTACKED_COLUMNS. Raises TableError naming a file that is none."""
    return read_table(path, ATTACKED_COLUMNS, "make the attacks again (prefclip attacks)")


def read_ink_manifest(path: str | Path) -> pd.DataFrame:
    """Read the manifest of the ink twins, with INK_COLUMNS. Raises TableError naming a file that is none."""
    return read_table(path, INK_COLUMNS, "draw the twins again (prefclip ink)")
