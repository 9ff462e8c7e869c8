"""Sets of the Hugging Face hub at a pinned revision."""

import csv
import io
import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from prefclip.datasets.card import Card
from prefclip.datasets.mirror_list import MIRROR_LIST, check_class_names
from prefclip.datasets.transfers import TransferError
from prefclip.files import write_text

TRIES = 5
PAUSE_SECONDS = 2.0
SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"RIFF": ".webp"}


def fetch_hub_parquet(card: Card, work: Path, progress: bool) -> Path:
    """Download and unpack the splits train and test. Raises TransferError: no hub, or files of another form."""
    snapshot = _snapshot(card, work, ["*train-*.parquet", "*test-*.parquet"], progress)
    return unpack_parquet(card, snapshot, work / "unpacked")


def fetch_hub_zip(card: Card, work: Path, progress: bool) -> Path:
    """Download and unpack ``images.zip``. Raises TransferError: the hub cannot be reached, or a damaged archive."""
    return unpack_zip(_snapshot(card, work, ["images.zip"], progress) / "images.zip", work / "unpacked")


def _snapshot(card: Card, work: Path, patterns: list[str], progress: bool) -> Path:
    # The hub's own client shows progress, goes on with partial files and compares sizes.
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

    mirror = next(mirror for mirror in card.mirrors if mirror.accepted and mirror.address.startswith("hub:"))
    (enable_progress_bars if progress else disable_progress_bars)()
    for attempt in range(1, TRIES + 1):
        try:
            snapshot_download(
                mirror.address.removeprefix("hub:"),
                repo_type="dataset",
                revision=mirror.revision,
                local_dir=work / "snapshot",
                allow_patterns=patterns,
            )
            return work / "snapshot"
        except Exception as error:  # the client raises errors of several libraries
            if attempt == TRIES:
                raise TransferError(
                    f"{mirror.address}@{mirror.revision}: {TRIES} attempts failed, the last one with "
                    f"{type(error).__name__}: {error}; what was received is kept, run the command again."
                ) from error
            time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))


def unpack_parquet(card: Card, snapshot: Path, folder: Path) -> Path:
    """Write the images of ``train-*.parquet`` and ``test-*.parquet`` as they are, and a list of path, split and label.

    The columns are ``image`` (struct with ``bytes``) and ``label`` (from 0). Raises TransferError naming the file for
    others, and for unknown image formats; DatasetFolderError for other class names.
    """
    shutil.rmtree(folder, ignore_errors=True)
    listed = io.StringIO()
    writer = csv.writer(listed, lineterminator="\n")
    writer.writerow(("path", "split", "label"))
    for split in ("train", "test"):
        files = sorted(snapshot.rglob(f"{split}-*.parquet"))
        if not files:
            raise TransferError(f"{snapshot}: no {split}-*.parquet file; the mirror of {card.title} has changed.")
        (folder / split).mkdir(parents=True)
        images = (image for path in files for image in _images_of(path, card))
        for count, (content, suffix, label) in enumerate(images):
            name = f"{split}/{count:05d}{suffix}"
            (folder / name).write_bytes(content)
            writer.writerow((name, split, label))
    write_text(folder / MIRROR_LIST, listed.getvalue())
    return folder


def _images_of(path: Path, card: Card) -> Iterator[tuple[bytes, str, int]]:
    try:
        table = pq.ParquetFile(path)
        names = _class_names(table.schema_arrow)
        if names:
            check_class_names(names, card, str(path))
        for batch in table.iter_batches(batch_size=64, columns=["image", "label"]):
            for image, label in zip(batch["image"].to_pylist(), batch["label"].to_pylist(), strict=True):
                yield image["bytes"], _suffix(image["bytes"], path), int(label)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise TransferError(
            f"{path}: expected images and labels in Parquet ({error}); remove it and run the command again."
        ) from error


def _class_names(schema: pa.Schema) -> list[str]:
    """Class names that the hub's writer stores in the metadata of the file; empty when there are none."""
    stored = (schema.metadata or {}).get(b"huggingface")
    features = json.loads(stored).get("info", {}).get("features", {}) if stored else {}
    return list(features.get("label", {}).get("names", []))


def _suffix(content: bytes, path: Path) -> str:
    for start, suffix in SUFFIXES.items():
        if content.startswith(start):
            return suffix
    raise TransferError(f"{path}: an image is neither JPEG, PNG nor WebP; the mirror has changed.")


def unpack_zip(archive: Path, folder: Path) -> Path:
    """Unpack all members. Raises TransferError for a damaged archive (each file has its CRC) and for unsafe paths."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.namelist():
                if member.startswith("/") or ".." in Path(member).parts:
                    raise TransferError(
                        f"{archive}: the member {member!r} would leave the folder; do not use this file."
                    )
            opened.extractall(folder)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        archive.unlink(missing_ok=True)
        raise TransferError(f"{archive}: damaged archive ({error}); it was removed, run the command again.") from error
    return folder
