"""Shipped files are compared with their recorded sha256."""

import hashlib
import json

import pytest

from prefclip.datasets.sources import SourceFileError, check_sources
from prefclip.files import sha256_of, write_json


@pytest.fixture
def shipped(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "b.bin").write_bytes(b"two")
    (folder / "a.bin").write_bytes(b"one")
    write_json(folder / "checksums.json", {name: sha256_of(folder / name) for name in ("a.bin", "b.bin")})
    return folder


def test_recorded_files_pass(shipped):
    expected = {"a.bin": hashlib.sha256(b"one").hexdigest(), "b.bin": hashlib.sha256(b"two").hexdigest()}
    assert json.loads((shipped / "checksums.json").read_text()) == expected == check_sources(shipped)


def test_difference_names_file_expected_and_found(shipped):
    (shipped / "b.bin").write_bytes(b"too")
    found, expected = hashlib.sha256(b"too").hexdigest(), hashlib.sha256(b"two").hexdigest()
    with pytest.raises(SourceFileError, match=rf"raw/b\.bin: sha256 is {found}, expected {expected}; restore it"):
        check_sources(shipped)


def test_missing_file_is_named(shipped):
    (shipped / "a.bin").unlink()
    with pytest.raises(SourceFileError, match=r"raw/a\.bin: no such file"):
        check_sources(shipped)


def test_folder_instead_of_file_is_named(shipped):
    (shipped / "a.bin").unlink()
    (shipped / "a.bin").mkdir()
    with pytest.raises(SourceFileError, match=r"raw/a\.bin: cannot be read"):
        check_sources(shipped)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a readable JSON file"),
        ("[]", "expected file names"),
        ("{}", "expected file"),
        ('{"a": 1}', "expected"),
    ],
)
def test_broken_checksum_file_is_named(shipped, text, complaint):
    (shipped / "checksums.json").write_text(text)
    with pytest.raises(SourceFileError, match=rf"checksums\.json: {complaint}"):
        check_sources(shipped)


def test_missing_checksum_file_is_named(tmp_path):
    with pytest.raises(SourceFileError, match=r"checksums\.json: no such file, so nothing can be checked"):
        check_sources(tmp_path)
