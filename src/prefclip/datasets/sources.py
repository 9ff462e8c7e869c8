"""The files that ship with the repository: their checksums, written by maintainers and checked by every run."""

import json
from pathlib import Path

from prefclip.errors import PrefclipError
from prefclip.files import sha256_of

CHECKSUMS_FILE = "checksums.json"
REMEDY = "restore it from the repository or download it again"


class SourceFileError(PrefclipError):
    """A raw file is missing or differs from its recorded checksum."""


def check_sources(folder: str | Path) -> dict[str, str]:
    """Compare files with their folder's ``checksums.json``; return it. Raises SourceFileError naming what differs."""
    folder = Path(folder)
    expected = _read_checksums(folder / CHECKSUMS_FILE)
    for name, sha256 in expected.items():
        try:
            found = sha256_of(folder / name)
        except FileNotFoundError as error:
            raise SourceFileError(f"{folder / name}: no such file; {REMEDY}.") from error
        except OSError as error:
            raise SourceFileError(f"{folder / name}: cannot be read ({error.strerror}); {REMEDY}.") from error
        if found != sha256:
            raise SourceFileError(f"{folder / name}: sha256 is {found}, expected {sha256}; {REMEDY}.")
    return expected


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
