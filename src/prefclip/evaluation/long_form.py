"""The two files of an evaluation: predictions, one row per scored image, and metrics in long form.

Rows have a fixed order and files hold no time, name or version of this machine, so that the same numbers give the same
bytes.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from prefclip.datasets.parquet_tables import read_table, write_table
from prefclip.errors import PrefclipError

PREDICTIONS = pa.schema(
    [
        ("weights", pa.dictionary(pa.int8(), pa.string())),  # raw | averaged
        ("dataset", pa.dictionary(pa.int8(), pa.string())),
        ("images", pa.dictionary(pa.int8(), pa.string())),  # clean | typographic
        ("id", pa.string()),  # of the image: a typographic one has its attacked_id
        ("clean_id", pa.string()),  # what typographic variants and their clean twin share
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

METRICS_TABLE = pa.schema(
    [
        ("run_id", pa.string()),
        ("model", pa.string()),
        ("method", pa.string()),
        ("weights", pa.string()),
        ("seed", pa.int64()),
        ("dataset", pa.string()),
        ("images", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("n", pa.int64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
    ]
)
METRICS_ORDER = ("run_id", "weights", "dataset", "images", "metric")


class LongFormError(PrefclipError):
    """Rows that are not all there, or there twice."""


def write_predictions(rows: pd.DataFrame, path: str | Path) -> None:
    """Write predictions (columns of PREDICTIONS, any order), sorted by PREDICTIONS_ORDER."""
    _write(rows, PREDICTIONS, PREDICTIONS_ORDER, path)


def write_metrics(rows: pd.DataFrame, path: str | Path) -> None:
    """Write metrics (columns of METRICS_TABLE, any order), sorted by METRICS_ORDER."""
    _write(rows, METRICS_TABLE, METRICS_ORDER, path)


def read_predictions(path: str | Path) -> pd.DataFrame:
    """Read a predictions file. Raises TableError naming a file that is missing, damaged or of another kind."""
    return read_table(path, PREDICTIONS.names, "make it with `prefclip evaluate`")


def read_metrics(path: str | Path) -> pd.DataFrame:
    """Read a metrics file. Raises TableError as :func:`read_predictions`."""
    return read_table(path, METRICS_TABLE.names, "make it with `prefclip evaluate`")


def _write(rows: pd.DataFrame, schema: pa.Schema, order: Sequence[str], path: str | Path) -> None:
    missing = [name for name in schema.names if name not in rows]
    if missing:
        raise LongFormError(f"{path}: not written, the rows lack {', '.join(missing)}.")
    rows = rows.sort_values(list(order), kind="stable", ignore_index=True)
    twice = rows[rows.duplicated(list(order))]
    if len(twice):
        what = ", ".join(f"{name} {twice.iloc[0][name]}" for name in order)
        raise LongFormError(f"{path}: not written, it would hold {what} twice; every image is scored once.")
    columns = [pa.array(rows[field.name].to_numpy(), _plain(field.type)).cast(field.type) for field in schema]
    write_table(path, pa.table(columns, schema=schema))


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
