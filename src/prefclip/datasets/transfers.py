"""Downloads that go on where they stopped, try again, and compare checksums."""

import errno
import hashlib
import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path

from tqdm import tqdm

from prefclip.errors import PrefclipError

TIMEOUT_SECONDS = 60
BLOCK_BYTES = 1024 * 1024
# Worth another try: time-outs, too many requests, and what a server says when it is overloaded.
PASSING_STATUS = (408, 425, 429, 500, 502, 503, 504)


class TransferError(PrefclipError):
    """A file could not be downloaded, or is not the published one."""


class _IncompleteError(Exception):
    """The connection ended before the file did."""


def download_file(
    url: str,
    target: str | Path,
    md5: str = "",
    tries: int = 5,
    pause: float = 2.0,
    progress: bool = True,
    git_blob: str = "",
) -> None:
    """Download ``url`` to ``target`` unless it is there; an interrupted download goes on where it stopped.

    Until the file is whole it is called ``<target>.partial``, which stays for the next run. ``md5`` and ``git_blob``,
    git's name of the content, are empty where none is published. ``pause`` seconds pass before the second attempt,
    twice as many before each further one.

    Raises TransferError: no attempt succeeded, the checksum differs, or the disk is full.
    """
    target = Path(target)
    if target.is_file():
        _compare(target, url, md5, git_blob)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    for attempt in range(1, tries + 1):
        try:
            _receive(url, partial, progress)
            break
        except (OSError, http.client.HTTPException, _IncompleteError) as error:
            if not _is_passing(error):
                raise TransferError(f"{url}: cannot be downloaded to {target} ({error}).") from error
            if attempt == tries:
                kept = partial.stat().st_size if partial.is_file() else 0
                raise TransferError(
                    f"{url}: {tries} attempts failed, the last one with {error}; {kept} bytes are kept in {partial}, "
                    "run the command again to go on."
                ) from error
            time.sleep(pause * 2 ** (attempt - 1))
    _compare(partial, url, md5, git_blob)
    partial.replace(target)


def _is_passing(error: Exception) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code in PASSING_STATUS
    return not (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS))


def _receive(url: str, partial: Path, progress: bool) -> None:
    start = partial.stat().st_size if partial.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "prefclip"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        # 416: nothing is left to send. The size in its header tells whether the file is whole.
        if error.code == 416 and error.headers.get("Content-Range", "").rpartition("/")[2] == str(start):
            return
        if error.code == 416:
            partial.unlink()
            raise _IncompleteError("the server's file is shorter than what was received; starting again") from error
        raise
    with response:
        if start and response.status != 206:
            start = 0  # The server sends the whole file whatever was asked.
        length = response.headers.get("Content-Length")
        total = start + int(length) if length is not None else None
        bar = tqdm(
            total=total, initial=start, unit="B", unit_scale=True, desc=partial.stem, disable=not progress, leave=False
        )
        with partial.open("ab" if start else "wb") as stream, bar:
            while block := response.read(BLOCK_BYTES):
                stream.write(block)
                bar.update(len(block))
    received = partial.stat().st_size
    if total is not None and received < total:
        raise _IncompleteError(f"the connection ended after {received} of {total} bytes")


def _compare(path: Path, url: str, md5: str, git_blob: str) -> None:
    # Git names a content by the sha1 of its size and bytes.
    sha1 = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    expected = {"md5": (md5, hashlib.md5(usedforsecurity=False)), "the name in git": (git_blob, sha1)}
    for kind, (checksum, digest) in expected.items():
        if not checksum:
            continue
        with path.open("rb") as stream:
            while block := stream.read(BLOCK_BYTES):
                digest.update(block)
        if digest.hexdigest() != checksum:
            path.unlink()
            raise TransferError(
                f"{path}: {kind} is {digest.hexdigest()}, expected {checksum}; the file was removed, download it "
                f"again. If that does not help, {url} no longer serves the published file."
            )
