"""What tells a folder of made-up pictures from a data set: a marker file that fits these pictures alone."""

import json
from pathlib import Path

from prefclip.datasets.fingerprints import content_fingerprint
from prefclip.errors import PrefclipError
from prefclip.files import write_json

MARKER = "STAND_IN.json"
ABOUT = "Made-up pictures in the layout of a data set, from `prefclip datasets stand-in`, to rehearse a run: no data."


class StandInError(PrefclipError):
    """A folder is marked as a stand-in but holds other files than were laid out, or cannot be laid out."""


def is_stand_in(folder: Path) -> bool:
    """Whether a folder holds a stand-in, as it was laid out, so that published counts say nothing of it.

    Raises StandInError for a marker beside other files: data among them would go unchecked.
    """
    path = folder / MARKER
    if not path.is_file():
        return False
    try:
        expected = json.loads(path.read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StandInError(f"{path}: not a readable marker ({error!r}); remove it where this is data.") from error
    if expected != _fingerprint(folder):
        raise StandInError(
            f"{path}: marks a stand-in, but the files beside it are not those that were laid out; remove the marker if "
            "they are the data set, else the folder."
        )
    return True


def mark(folder: Path) -> None:
    """Mark the files of a folder as made up."""
    write_json(folder / MARKER, {"about": ABOUT, "sha256": _fingerprint(folder)})


def _fingerprint(folder: Path) -> str:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return content_fingerprint(folder, [path for path in files if path != MARKER])
