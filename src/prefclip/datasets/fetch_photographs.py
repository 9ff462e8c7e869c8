"""The photographs of RTA-100 and PAINT out of the zip files of two repositories."""

import shutil
import sys
import zipfile
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.check import content_fingerprint
from prefclip.datasets.photograph_names import parse_file_name
from prefclip.datasets.transfers import TransferError, download_file


def fetch_photo_zip(card: Card, work: Path, progress: bool) -> Path:
    """Fetch the photographs from the first mirror that has them; a mirror's use is said on standard error, in one line.

    Raises TransferError naming the fault of each.
    """
    failures = []
    for place, mirror in enumerate(mirror for mirror in card.mirrors if mirror.accepted):
        archive = work / f"mirror{place}.zip"
        try:
            download_file(mirror.address, archive, progress=progress)
            folder = unpack_photographs(card, archive, mirror.inside, work / "unpacked")
        except TransferError as error:
            failures.append(f"{mirror.address}: {error}")
        else:
            if failures:
                mirrored = f"taken from the mirror {mirror.address} (its licence: {mirror.licence or card.licence})"
                print(f"{card.title}: {mirrored}, because {failures[0]}", file=sys.stderr)
            return folder
    raise TransferError(f"{card.title} could not be fetched: " + " ".join(failures))


def unpack_photographs(card: Card, archive: Path, inside: str, folder: Path) -> Path:
    """Unpack the members named ``label=X_text=Y.jpg`` whose path contains ``inside`` into one flat folder.

    Raises TransferError for a damaged archive, a name that occurs twice, and photographs other than the published
    ones (their fingerprint is ``card.content_sha256``).
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = []
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                name = member.filename.rpartition("/")[2]
                # macOS adds a twin of each file that starts with "._".
                if member.is_dir() or inside not in f"/{member.filename}" or parse_file_name(name) is None:
                    continue
                if name in names:
                    raise TransferError(f"{archive}: {name!r} occurs twice; this is not the set of {card.title}.")
                names.append(name)
                (folder / name).write_bytes(opened.read(member))
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        archive.unlink(missing_ok=True)
        raise TransferError(f"{archive}: damaged archive ({error}); it was removed, run the command again.") from error
    if card.content_sha256 and content_fingerprint(folder, names) != card.content_sha256:
        raise TransferError(f"{archive}: its {len(names)} photographs are not those of {card.title} (sha256 differs).")
    return folder
