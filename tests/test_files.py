"""Files are whole or absent, whatever happens while they are written."""

import hashlib
import json
import os
import stat

import pytest

from prefclip.errors import PrefclipError
from prefclip.files import HASH_BLOCK_BYTES, OutputError, sha256_of, whole_file, write_json, write_text


def test_a_file_appears_whole_with_its_folders(tmp_path):
    path = tmp_path / "a/b/out.txt"
    write_text(path, "ü\n")
    assert path.read_bytes() == "ü\n".encode()
    assert [entry.name for entry in path.parent.iterdir()] == ["out.txt"]


def test_the_temporary_file_lies_beside_and_keeps_the_suffix(tmp_path):
    with whole_file(tmp_path / "picture.png") as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".png" and temporary.name.startswith(".")
        assert not (tmp_path / "picture.png").exists()
        temporary.write_bytes(b"1")
    assert (tmp_path / "picture.png").read_bytes() == b"1"


@pytest.mark.parametrize("failure", [ValueError("a bug"), KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_file_leaves_the_old_one(tmp_path, failure):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(type(failure)), whole_file(path) as temporary:
        temporary.write_text("half")
        raise failure
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_results_can_be_read_by_others(tmp_path):
    before = os.umask(0o022)
    try:
        write_text(tmp_path / "out.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o644


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "out.txt").mkdir()
    with pytest.raises(OutputError, match=r"out\.txt: cannot be written \(.*\); make its folder writable"):
        write_text(tmp_path / "out.txt", "x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.txt"]


def test_a_file_where_a_folder_should_be_is_named(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(OutputError, match=r"results/run/out\.txt: cannot be written"):
        write_text(tmp_path / "results/run/out.txt", "x")


def test_a_full_disk_leaves_the_old_file(tmp_path, largest_file):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with largest_file(1000), pytest.raises(OutputError, match=r"out\.txt: the disk is full; free some space"):
        write_text(path, "x" * 5000)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


WRITE = """
from prefclip.files import OutputError, write_text
try:
    write_text(DISK / "run/out.txt", "x" * 100_000)
except OutputError as error:
    print(error)
print(sorted(str(path.relative_to(DISK)) for path in DISK.rglob("*") if path.is_file()))
"""


def test_a_really_full_disk(on_disk):
    run = on_disk("size=64k", WRITE)
    assert "run/out.txt: the disk is full; free some space and run the command again." in run.stdout
    assert run.stdout.splitlines()[-1] == "[]" and run.returncode == 0, run.stderr


def test_a_read_only_disk(on_disk):
    run = on_disk("ro", WRITE)
    assert "run/out.txt: cannot be written (Read-only file system); make its folder writable" in run.stdout
    assert run.stdout.splitlines()[-1] == "[]" and run.returncode == 0, run.stderr


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "out.txt"):
        (tmp_path / "no such file").read_text()
    assert list(tmp_path.iterdir()) == []


def test_json_has_one_form(tmp_path):
    write_json(tmp_path / "a.json", {"b": [1.5, None], "a": "ü"})
    write_json(tmp_path / "b.json", {"a": "ü", "b": [1.5, None]})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.json").read_text(encoding="utf-8") and text.endswith("}\n") and "ü" in text
    assert json.loads(text) == {"a": "ü", "b": [1.5, None]}


def test_json_has_no_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1, HASH_BLOCK_BYTES, HASH_BLOCK_BYTES + 1])
def test_sha256_of_any_length(tmp_path, size):
    content = bytes(index % 251 for index in range(251)) * (size // 251 + 1)
    (tmp_path / "data").write_bytes(content[:size])
    assert sha256_of(tmp_path / "data") == hashlib.sha256(content[:size]).hexdigest()


def test_output_errors_are_shown_without_a_traceback():
    assert issubclass(OutputError, PrefclipError)
