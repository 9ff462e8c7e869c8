"""Sets that torchvision serves: prefclip downloads the archives, torchvision checks and unpacks them."""

import shutil
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.transfers import TransferError, download_file


def fetch_with_torchvision(card: Card, work: Path, progress: bool) -> Path:
    """Download the archives to where torchvision looks for them, and let it unpack them in ``work``.

    torchvision's own downloader starts from the beginning each time and takes a half-unpacked folder for a whole one,
    so archives are received here, and leftovers are removed before unpacking.

    Raises TransferError for a failed download, another checksum, or an archive that cannot be unpacked.
    """
    import torchvision

    archives = [work / archive.path for archive in card.archives]
    _remove_leftovers(work, archives)
    for archive, path in zip(card.archives, archives, strict=True):
        download_file(archive.url, path, archive.md5, progress=progress)
    kept = _single_files(card, archives)
    try:
        getattr(torchvision.datasets, card.torchvision_class)(root=str(work), download=True)
    except Exception as error:  # torchvision passes on whatever tarfile, zipfile and its parsers raise
        for path in archives:
            path.unlink(missing_ok=True)
        raise TransferError(
            f"{work}: torchvision could not unpack {card.title} ({error}); the archives were removed, run again."
        ) from error
    for path in archives:
        if path not in kept:
            path.unlink(missing_ok=True)
    return work / card.folder


def _single_files(card: Card, archives: list[Path]) -> set[Path]:
    """Downloads that are part of the set as they are."""
    parts = {Path(path).name for layout in card.layouts for path in layout}
    return {path for path in archives if path.name in parts}


def _remove_leftovers(work: Path, archives: list[Path]) -> None:
    keep = {*archives, *(path.with_name(path.name + ".partial") for path in archives)}
    keep_folders = {parent for path in archives for parent in path.parents}
    for path in sorted(work.iterdir()) if work.is_dir() else []:
        _remove_unless(path, keep, keep_folders)


def _remove_unless(path: Path, keep: set[Path], keep_folders: set[Path]) -> None:
    if path in keep:
        return
    if path in keep_folders:
        for inner in sorted(path.iterdir()):
            _remove_unless(inner, keep, keep_folders)
    elif path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
