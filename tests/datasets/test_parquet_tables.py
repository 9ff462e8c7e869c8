"""Tables: the same bytes for the same rows, and damage is noticed."""

import pandas as pd
import pyarrow as pa
import pytest

from prefclip.datasets.parquet_tables import TableError, read_table, write_table
from prefclip.files import OutputError

FRAME = pd.DataFrame({"id": [f"image-{number:04d}" for number in range(500)], "label": range(500)})


def write(path, frame=FRAME):
    write_table(path, pa.Table.from_pandas(frame, preserve_index=False))
    return path


def test_what_is_written_is_read(tmp_path):
    pd.testing.assert_frame_equal(read_table(write(tmp_path / "a.parquet"), ["id"]), FRAME)


def test_same_rows_same_bytes(tmp_path):
    assert write(tmp_path / "a.parquet").read_bytes() == write(tmp_path / "b.parquet").read_bytes()


def test_missing_table_is_named(tmp_path):
    with pytest.raises(TableError, match=r"a\.parquet: no such file; make it again"):
        read_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("damage", ["empty", "garbage", "truncated", "flipped"])
def test_damage_is_named(tmp_path, damage):
    path = write(tmp_path / "a.parquet")
    content = bytearray(path.read_bytes())
    content[100] ^= 0x10  # a bit of the first data page
    changed = {"empty": b"", "garbage": b"PAR1 or so", "truncated": bytes(content[:-30]), "flipped": bytes(content)}
    path.write_bytes(changed[damage])
    with pytest.raises(TableError, match=r"a\.parquet: not a readable Parquet file .*; build it\.$"):
        read_table(path, remedy="build it")


def test_missing_column_lists_what_is_there(tmp_path):
    with pytest.raises(TableError, match="column 'split' is missing; found id, label"):
        read_table(write(tmp_path / "a.parquet"), ["id", "split"])


def test_full_disk_leaves_nothing(tmp_path, largest_file):
    with largest_file(500), pytest.raises(OutputError, match=r"a\.parquet: the disk is full"):
        write(tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_read_only_folder_is_named(on_disk):
    code = """
import pyarrow as pa
from prefclip.datasets.parquet_tables import write_table
try:
    write_table(DISK / "a.parquet", pa.table({"id": ["x"]}))
except Exception as error:
    print(type(error).__name__, error)
print(list(DISK.iterdir()))
"""
    result = on_disk("ro", code)
    assert result.stdout.startswith("OutputError") and "make its folder writable" in result.stdout, result.stderr
    assert result.stdout.splitlines()[1] == "[]"
