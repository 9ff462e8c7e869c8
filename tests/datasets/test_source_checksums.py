"""Shipped files are compared with their recorded sha256."""

import hashlib
import json

import pytest

from prefclip.datasets.sources import SourceFileError, check_sources, fetch_sources, write_checksums


@pytest.fixture
def shipped(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "b.bin").write_bytes(b"two")
    (folder / "a.bin").write_bytes(b"one")
    write_checksums(folder, ["b.bin", "a.bin"])
    return folder


def test_recorded_files_pass(shipped, tmp_path):
    expected = {"a.bin": hashlib.sha256(b"one").hexdigest(), "b.bin": hashlib.sha256(b"two").hexdigest()}
    assert json.loads((shipped / "checksums.json").read_text()) == expected == check_sources(shipped)
    assert fetch_sources(shipped, tmp_path / "sources.json") == json.loads((tmp_path / "sources.json").read_text())


def test_checksums_may_lie_elsewhere(shipped, tmp_path):
    (shipped / "checksums.json").rename(tmp_path / "expected.json")
    assert set(check_sources(shipped, tmp_path / "expected.json")) == {"a.bin", "b.bin"}


def test_difference_names_file_expected_and_found(shipped, tmp_path):
    (shipped / "b.bin").write_bytes(b"too")
    found, expected = hashlib.sha256(b"too").hexdigest(), hashlib.sha256(b"two").hexdigest()
    with pytest.raises(SourceFileError, match=rf"raw/b\.bin: sha256 is {found}, expected {expected}; restore it"):
        fetch_sources(shipped, tmp_path / "sources.json")
    assert not (tmp_path / "sources.json").exists()


def test_missing_file_is_named(shipped):
    (shipped / "a.bin").unlink()
    with pytest.raises(SourceFileError, match=r"raw/a\.bin: no such file"):
        check_sources(shipped)
    with pytest.raises(SourceFileError, match=r"raw/c\.bin: no such file"):
        write_checksums(shipped, ["c.bin"])


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
