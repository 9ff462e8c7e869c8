"""Stacks of decoded images: whole, checked, and the same with any number of workers."""

import hashlib
import os

import numpy as np
import pyarrow as pa
import pytest

from prefclip.datasets.image_stacks import ImageStackError, open_images, sha256_of_image
from prefclip.datasets.stack_writing import CHUNK_BYTES, write_images
from prefclip.files import OutputError, whole_file

SIZE = (300, 500)
COUNT = 3 * (CHUNK_BYTES // (300 * 500 * 3)) + 2  # four chunks, the last one short
NOTE = pa.schema([("note", pa.string())])


def numbered(row):
    """A picture that is a function of its row; module-level, so that it can travel to a worker."""
    return np.full((*SIZE, 3), row % 251, np.uint8), {"note": f"n{row}"}


def dying(row):
    if row == 0:
        os._exit(9)
    return numbered(row)


def wrong_shape(row):
    return np.zeros((3, 4, 3), np.uint8), {}


def stack(path, draw=numbered, count=COUNT, size=SIZE, workers=1, schema=NOTE):
    with whole_file(path) as temporary:
        return write_images(temporary, count, size, draw, schema, workers)


def test_rows_are_what_was_drawn(tmp_path):
    table = stack(tmp_path / "a.npy").to_pandas()
    images = open_images(tmp_path / "a.npy")
    assert isinstance(images, np.memmap) and images.shape == (COUNT, *SIZE, 3)
    assert (images[:, 0, 0, 0] == np.arange(COUNT) % 251).all()
    assert list(table["row"]) == list(range(COUNT)) and table["note"].iloc[7] == "n7"
    assert table["sha256"].iloc[5] == hashlib.sha256(np.load(tmp_path / "a.npy")[5].tobytes()).hexdigest()
    assert sha256_of_image(images[5][::1]) == table["sha256"].iloc[5]


def test_two_workers_write_the_same_bytes(tmp_path):
    one, two = stack(tmp_path / "one.npy"), stack(tmp_path / "two.npy", workers=2)
    assert one.equals(two)
    assert (tmp_path / "one.npy").read_bytes() == (tmp_path / "two.npy").read_bytes()


def test_a_worker_that_dies_ends_the_stage(tmp_path):
    with pytest.raises(ImageStackError, match=r"worker process died.*fewer workers"):
        stack(tmp_path / "a.npy", draw=dying, workers=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "complaint"), [({"workers": 0}, "at least 1 process"), ({"draw": wrong_shape}, "row 0: expected uint8")]
)
def test_wrong_arguments_leave_nothing(tmp_path, options, complaint):
    with pytest.raises(ImageStackError, match=complaint):
        stack(tmp_path / "a.npy", **options)
    assert list(tmp_path.iterdir()) == []


def damaged(path, damage):
    stack(path, count=4, size=(8, 8), draw=lambda row: (np.zeros((8, 8, 3), np.uint8), {}), schema=pa.schema([]))
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "longer":
        path.write_bytes(path.read_bytes() + b"x")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(b"not an array at all")
    elif damage == "header":
        path.write_bytes(path.read_bytes()[:20])
    elif damage == "archive":
        with path.open("wb") as stream:
            np.savez(stream, images=np.zeros((2, 8, 8, 3), np.uint8))
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        arrays = {
            "float": np.zeros((2, 8, 8, 3), np.float32),
            "grey": np.zeros((2, 8, 8), np.uint8),
            "RGBA": np.zeros((2, 8, 8, 4), np.uint8),
            "Fortran": np.asfortranarray(np.zeros((2, 8, 8, 3), np.uint8)),
            "objects": np.array([{}, {}]),
        }
        with path.open("wb") as stream:
            np.save(stream, arrays[damage], allow_pickle=True)


@pytest.mark.parametrize(
    "damage",
    "truncated longer empty garbage header archive folder float grey RGBA Fortran objects".split(),
)
def test_damaged_stacks_are_named(tmp_path, damage):
    path = tmp_path / "animals.npy"
    damaged(path, damage)
    with pytest.raises(ImageStackError) as refusal:
        open_images(path)
    assert str(refusal.value).startswith(f"{path}: ") and str(refusal.value).endswith("make the images again.")


def test_missing_stack_is_named(tmp_path):
    with pytest.raises(ImageStackError, match=r"animals\.npy: no such file"):
        open_images(tmp_path / "animals.npy")


@pytest.mark.parametrize("workers", [1, 2])
def test_disk_that_fills_up_leaves_nothing(tmp_path, largest_file, workers):
    with largest_file(CHUNK_BYTES // 2), pytest.raises(OutputError, match=r"a\.npy: the disk is full; free some space"):
        stack(tmp_path / "a.npy", workers=workers)
    assert list(tmp_path.iterdir()) == []


def test_file_in_place_survives_a_full_disk(tmp_path, largest_file):
    (tmp_path / "a.npy").write_bytes(b"before")
    with largest_file(CHUNK_BYTES // 2), pytest.raises(OutputError):
        stack(tmp_path / "a.npy")
    assert (tmp_path / "a.npy").read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def test_too_small_a_disk_is_noticed_before_drawing(on_disk):
    code = """
from prefclip.datasets.stack_writing import write_images
from prefclip.files import whole_file
import pyarrow as pa
try:
    with whole_file(DISK / "a.npy") as temporary:
        write_images(temporary, 10, (64, 64), lambda row: 1 / 0, pa.schema([]))
except Exception as error:
    print(type(error).__name__, error)
print(list(DISK.iterdir()))
"""
    result = on_disk("size=64k", code)
    assert result.stdout.splitlines()[0].startswith("OutputError") and "the disk is full" in result.stdout
    assert result.stdout.splitlines()[1] == "[]", result.stderr
