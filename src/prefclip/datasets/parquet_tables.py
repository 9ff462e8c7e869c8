"""Parquet files: the same table gives the same bytes, and damage is noticed when reading."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from prefclip.errors import PrefclipError
from prefclip.files import whole_file


class TableError(PrefclipError):
    """A table file is missing, damaged or of another kind."""


def write_table(path: str | Path, table: pa.Table) -> None:
    """Write a table with page checksums, whole or not at all; without pandas metadata, time or host in it."""
    with whole_file(path) as temporary:
        pq.write_table(table.replace_schema_metadata(None), temporary, compression="zstd", write_page_checksum=True)


def read_table(path: str | Path, columns: Collection[str] = (), remedy: str = "make it again") -> pd.DataFrame:
    """Read a table that has ``columns``. Raises TableError, with ``remedy``, where it is damaged or lacks any."""
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except FileNotFoundError as error:
        raise TableError(f"{path}: no such file; {remedy}.") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise TableError(f"{path}: not a readable Parquet file ({reason}); {remedy}.") from error
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise TableError(f"{path}: column {missing[0]!r} is missing; found {', '.join(table.column_names)}; {remedy}.")
    return table.to_pandas()
