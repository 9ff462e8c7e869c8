"""`prefclip datasets fetch`: one data set into the root folder, whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.check import CheckReport, check_dataset
from prefclip.datasets.fetch_hub import fetch_hub_parquet, fetch_hub_zip
from prefclip.datasets.fetch_photographs import fetch_photo_zip
from prefclip.datasets.fetch_torchvision import fetch_with_torchvision
from prefclip.datasets.transfers import download_file
from prefclip.errors import PrefclipError

WORK_FOLDER = ".downloads"

# Each gets the card, a work folder of its own on the root's disk, and whether to show progress; it returns the
# finished folder.
ROUTES: dict[str, Callable[[Card, Path, bool], Path]] = {
    "torchvision": fetch_with_torchvision,
    "hub-parquet": fetch_hub_parquet,
    "hub-zip": fetch_hub_zip,
    "photo-zip": fetch_photo_zip,
}


class PlaceByHandError(PrefclipError):
    """A data set cannot be fetched; the message says exactly what to place where."""


class FetchError(PrefclipError):
    """What was fetched is not the data set, or cannot be put in its place."""


def fetch_dataset(card: Card, root: str | Path, progress: bool = True) -> CheckReport:
    """Get a data set unless it is there, and check it.

    Downloads lie in ``<root>/.downloads/<name>`` until they are unpacked; an interrupted run goes on there. The set's
    folder appears in one step. Of a set that is placed by hand, the files that have an address are downloaded once all
    the others are there.

    Raises PlaceByHandError; TransferError where a download failed or differs from its published checksum; FetchError
    where the folder is there but incomplete, or the fetched files are not the published set.
    """
    root = Path(root)
    target = card.path_in(root)
    if card.state(root) == "present":
        return check_dataset(card, root)
    if card.route == "manual":
        for part in (parts := card.completing(root)):
            download_file(part.url, root / part.path, part.md5, git_blob=part.git_blob, progress=progress)
        if parts:
            return check_dataset(card, root)
        raise PlaceByHandError(manual_instructions(card, root))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FetchError(
            f"{target}: is there, but without {', '.join(card.layouts[-1])}; move it away and run the command again."
        )
    work = root / WORK_FOLDER / card.folder
    try:
        with _one_at_a_time(work):
            # Sets that share a folder, as SCAM's three do, are fetched once.
            if card.state(root) != "present":
                finished = ROUTES[card.route](card, work, progress)
                if target.is_dir():
                    target.rmdir()
                finished.rename(target)
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise FetchError(
            f"{error.filename or root}: cannot be written ({error.strerror}); choose another folder with --root, "
            "or make room, and run the command again."
        ) from error
    report = check_dataset(card, root)
    if not report.sound:
        raise FetchError(f"{target}: {'; '.join(report.problems)}; this is not the published set.")
    return report


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Make a folder and wait until no other process works in it; the system ends the lock when a process ends."""
    handle = None
    while handle is None:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another process has just finished and removed it
            handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def manual_instructions(card: Card, root: str | Path) -> str:
    """Say exactly what to place where, and how to check it."""
    folder = card.path_in(root)
    return "\n".join(
        (
            f"{card.name}: {card.title} cannot be fetched automatically.",
            card.place_by_hand.format(folder=folder, root=root),
            f"Then run: prefclip datasets check {card.name} --root {root}",
            f"Licence: {licence_of(card)}",
        )
    )


def licence_of(card: Card) -> str:
    """The licence, marked where it was not read at the source."""
    return card.licence if card.licence_verified else f"{card.licence} (unverified)"
