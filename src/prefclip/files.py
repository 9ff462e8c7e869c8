"""Files that are either whole or absent: write to a temporary name, then rename."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefclip.errors import PrefclipError

HASH_BLOCK_BYTES = 4 * 1024 * 1024


class OutputError(PrefclipError):
    """An output could not be written; nothing half-written was left in place."""


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block ends without an error.

    The temporary name keeps the suffix of ``path`` because libraries choose the format by it.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=f".partial{path.suffix}", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # mkstemp makes files private; results are meant to be shared like any other file.
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise _explained(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a copy of a folder that then takes its place; mends what a killed command left. Raises OutputError."""
    made, aside = (path.with_name(f".{path.name}.{word}") for word in ("partial", "before"))
    try:
        if aside.exists() and not path.exists():
            os.replace(aside, path)
        for left in (made, aside):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(path, made) if path.exists() else made.mkdir(parents=True)
        yield made
        if path.exists():
            os.replace(path, aside)
        os.replace(made, path)
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise _explained(path, error) from error


def remove_file(path: str | Path) -> None:
    """Remove an output that is no longer true, if it is there. Raises OutputError if its folder cannot be written."""
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise _explained(Path(path), error) from error


def _explained(path: Path, error: OSError) -> OSError | OutputError:
    """What a user can mend as an OutputError, anything else as it is."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(f"{path}: the disk is full; free some space and run the command again.")
    refused = (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG)
    if error.errno in refused:
        return OutputError(
            f"{path}: cannot be written ({error.strerror}); make its folder writable or choose another one."
        )
    return error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    """Write ``value`` as sorted, indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def sha256_of(path: str | Path) -> str:
    """Return the hexadecimal sha256 of a file's bytes, read in blocks (memory stays flat)."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(HASH_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
