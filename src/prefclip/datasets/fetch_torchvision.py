"""Sets that torchvision serves: prefclip downloads the archives, torchvision checks and unpacks them."""

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
    try:
        getattr(torchvision.datasets, card.torchvision_class)(root=str(work), download=True)
    except Exception as error:  # torchvision passes on whatever tarfile, zipfile and its parsers raise
        for path in archives:
            path.unlink(missing_ok=True)
        raise TransferError(
            f"{work}: torchvision could not unpack {card.title} ({error}); the archives were removed, run again."
        ) from error
    # Some downloads are part of the set as they are.
    parts = {Path(path).name for layout in card.layouts for path in layout}
    for path in archives:
        if path.name not in parts:
            path.unlink(missing_ok=True)
    return work / card.folder


def _remove_leftovers(work: Path, archives: list[Path]) -> None:
    keep = {*archives, *(path.with_name(path.name + ".partial") for path in archives)}
    for path in sorted(work.rglob("*"), reverse=True):  # a folder comes after what lies in it
        if path.is_symlink() or not path.is_dir():
            if path not in keep:
                path.unlink()
        elif not any(path.iterdir()):
            path.rmdir()
