"""The files that ship with the repository: their checksums, written by maintainers and checked by every run."""

import json
from collections.abc import Iterable
from pathlib import Path

from prefclip.errors import PrefclipError
from prefclip.files import sha256_of, write_json

CHECKSUMS_FILE = "checksums.json"
REMEDY = "restore it from the repository or download it again"


class SourceFileError(PrefclipError):
    """A raw file is missing or differs from its recorded checksum."""


def check_sources(folder: str | Path, checksums: str | Path | None = None) -> dict[str, str]:
    """Compare files with their recorded sha256, and return what was recorded.

    Args:
        folder: where the files are.
        checksums: JSON of file name → sha256; ``checksums.json`` in the folder unless given.

    Raises:
        SourceFileError: names the first file that is missing or differs, with the expected and the found sha256.
    """
    folder = Path(folder)
    expected = _read_checksums(Path(checksums) if checksums else folder / CHECKSUMS_FILE)
    for name, sha256 in expected.items():
        found = _sha256(folder / name)
        if found != sha256:
            raise SourceFileError(f"{folder / name}: sha256 is {found}, expected {sha256}; {REMEDY}.")
    return expected


def fetch_sources(folder: str | Path, out: str | Path) -> dict[str, str]:
    """Check the shipped files and write what was found to ``out``, for the stages that depend on them.

    Raises SourceFileError as :func:`check_sources`.
    """
    found = check_sources(folder)
    write_json(out, found)
    return found


def write_checksums(folder: str | Path, names: Iterable[str]) -> dict[str, str]:
    """Record the sha256 of the named files in the folder's ``checksums.json``; for maintainers.

    Raises SourceFileError when one of them is missing.
    """
    folder = Path(folder)
    found = {name: _sha256(folder / name) for name in sorted(names)}
    write_json(folder / CHECKSUMS_FILE, found)
    return found


def _read_checksums(path: Path) -> dict[str, str]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceFileError(f"{path}: no such file, so nothing can be checked; {REMEDY}.") from error
    except (OSError, ValueError) as error:
        raise SourceFileError(f"{path}: not a readable JSON file ({error}); {REMEDY}.") from error
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()) or not values:
        raise SourceFileError(f"{path}: expected file names with their sha256; {REMEDY}.")
    return values


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except FileNotFoundError as error:
        raise SourceFileError(f"{path}: no such file; {REMEDY}.") from error
    except OSError as error:
        raise SourceFileError(f"{path}: cannot be read ({error.strerror}); {REMEDY}.") from error
