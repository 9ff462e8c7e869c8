"""Downloads: resume, retries, checksums."""

import hashlib

import pytest
from file_server import serving

from prefclip.datasets.transfers import TransferError, download_file

CONTENT = bytes(range(256)) * 40
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def server():
    with serving({"/a.bin": CONTENT}) as running:
        yield running


def get(server, target, **options):
    download_file(f"{server.url}/a.bin", target, **{"md5": MD5, "pause": 0.0, "progress": False, **options})


def test_whole_file(server, tmp_path):
    get(server, tmp_path / "deep" / "a.bin")
    assert (tmp_path / "deep/a.bin").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.bin"]


def test_progress_bar_is_shown_on_request(server, tmp_path, capfd):
    get(server, tmp_path / "a.bin", progress=True)
    assert "a.bin" in capfd.readouterr().err


def test_broken_connection_goes_on_where_it_stopped(server, tmp_path):
    server.failures = [-1000, -500]
    get(server, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == [None, "bytes=1000-", "bytes=1500-"]


def test_interrupted_run_goes_on_where_it_stopped(server, tmp_path):
    (tmp_path / "a.bin.partial").write_bytes(CONTENT[:3000])
    get(server, tmp_path / "a.bin")
    assert server.requests == [("/a.bin", "bytes=3000-")]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_run_interrupted_just_before_the_end(server, tmp_path):
    (tmp_path / "a.bin.partial").write_bytes(CONTENT)
    get(server, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_leftover_of_a_longer_file_is_started_again(server, tmp_path):
    (tmp_path / "a.bin.partial").write_bytes(CONTENT + b"more")
    get(server, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_server_without_ranges(server, tmp_path):
    server.ranges = False
    (tmp_path / "a.bin.partial").write_bytes(CONTENT[:3000])
    get(server, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_overloaded_server_is_asked_again(server, tmp_path):
    server.failures = [503, 500, 429]
    get(server, tmp_path / "a.bin")
    assert len(server.requests) == 4


def test_giving_up_keeps_what_was_received(server, tmp_path):
    server.failures = [-1000, 503]
    with pytest.raises(TransferError, match=r"2 attempts failed.*1000 bytes are kept.*run the command again"):
        get(server, tmp_path / "a.bin", tries=2)
    assert (tmp_path / "a.bin.partial").read_bytes() == CONTENT[:1000]


def test_missing_file_is_not_asked_for_again(server, tmp_path):
    with pytest.raises(TransferError, match="404"):
        download_file(f"{server.url}/b.bin", tmp_path / "b.bin", pause=0.0, progress=False)
    assert len(server.requests) == 1


def test_unreachable_server(tmp_path):
    with serving({}) as gone:
        url = gone.url
    with pytest.raises(TransferError, match="2 attempts failed"):
        download_file(f"{url}/a.bin", tmp_path / "a.bin", tries=2, pause=0.0, progress=False)


def test_other_checksum_removes_the_file(server, tmp_path):
    with pytest.raises(TransferError, match=f"md5 is {MD5}, expected {'0' * 32}; the file was removed"):
        get(server, tmp_path / "a.bin", md5="0" * 32)
    assert list(tmp_path.iterdir()) == []


def test_present_file_is_compared_not_downloaded(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(CONTENT)
    get(server, tmp_path / "a.bin")
    assert server.requests == []
    (tmp_path / "a.bin").write_bytes(b"damaged")
    with pytest.raises(TransferError, match="the file was removed"):
        get(server, tmp_path / "a.bin")


def test_full_disk_is_no_reason_to_try_again(server, tmp_path, monkeypatch):
    import errno

    import prefclip.datasets.transfers as transfers

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfers, "_receive", full)
    with pytest.raises(TransferError, match="No space left on device"):
        get(server, tmp_path / "a.bin")
