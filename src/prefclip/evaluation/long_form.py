"""The file of an evaluation: predictions in long form, one row per scored image.

Rows have a fixed order and the file holds no time, name or version of this machine, so that the same numbers give the
same bytes.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from prefclip.datasets.parquet_tables import read_table, write_table
from prefclip.errors import PrefclipError

PREDICTIONS = pa.schema(
    [
        ("weights", pa.dictionary(pa.int8(), pa.string())),  # raw | averaged
        ("dataset", pa.dictionary(pa.int8(), pa.string())),
        ("images", pa.dictionary(pa.int8(), pa.string())),  # clean | ink | typographic
        ("id", pa.string()),  # of the image: an attacked one has its attacked_id, its twin the ink_id
        ("clean_id", pa.string()),  # what all versions of an image share
        ("cluster", pa.string()),  # what renderings of one drawing share; a photograph stands alone
        ("label", pa.int32()),
        ("predicted", pa.int32()),
        ("second", pa.int32()),  # next best classes; -1 where the list has only two names
        ("third", pa.int32()),
        ("word_label", pa.int32()),  # -1 on clean images
        ("probability_true", pa.float32()),
        ("probability_predicted", pa.float32()),
        ("probability_second", pa.float32()),
        ("probability_third", pa.float32()),
        ("retention_kl", pa.float64()),  # nats; NaN on typographic images
    ]
)
PREDICTIONS_ORDER = ("weights", "dataset", "images", "id")


class LongFormError(PrefclipError):
    """Rows that are not all there, or there twice."""


def write_predictions(rows: pd.DataFrame, path: str | Path) -> None:
    """Write predictions (columns of PREDICTIONS, any order), sorted by PREDICTIONS_ORDER.

    Raises LongFormError where columns are missing, or where an image would stand there twice.
    """
    missing = [name for name in PREDICTIONS.names if name not in rows]
    if missing:
        raise LongFormError(f"{path}: not written, the rows lack {', '.join(missing)}.")
    order = list(PREDICTIONS_ORDER)
    rows = rows.sort_values(order, kind="stable", ignore_index=True)
    twice = rows[rows.duplicated(order)]
    if len(twice):
        what = ", ".join(f"{name} {twice.iloc[0][name]}" for name in order)
        raise LongFormError(f"{path}: not written, it would hold {what} twice; every image is scored once.")
    columns = []
    for field in PREDICTIONS:
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        columns.append(pa.array(rows[field.name].to_numpy(), plain).cast(field.type))
    write_table(path, pa.table(columns, schema=PREDICTIONS))


def read_predictions(path: str | Path) -> pd.DataFrame:
    """Read a predictions file. Raises TableError naming a file that is missing, damaged or of another kind."""
    return read_table(path, PREDICTIONS.names, "make it with `prefclip evaluate`")
