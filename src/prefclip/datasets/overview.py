"""All data sets at a glance: role, size, licence, state."""

from pathlib import Path
from typing import Any

from prefclip.datasets.catalog import DOWNLOADED_DATASETS
from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.entries import DatasetEntry
from prefclip.datasets.fetch import licence_of
from prefclip.datasets.registry import EMBEDDED_DATASETS

HEADINGS = ("name", "role", "images", "classes", "state", "licence")


def overview(root: str | Path) -> list[dict[str, Any]]:
    """Return what is known about each data set, and its state below ``root``; embedded sets last."""
    downloaded = [_downloaded_row(entry, root) for entry in DOWNLOADED_DATASETS.values()]
    return [*downloaded, *(_shared_row(entry, "present", entry.licence) for entry in EMBEDDED_DATASETS.values())]


def _shared_row(entry: DatasetEntry, state: str, licence: str) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "role": entry.role,
        "splits": dict(entry.splits),
        "classes": entry.class_count,
        "template": entry.template,
        "source": entry.source,
        "licence": licence,
        "citation": entry.citation,
        "state": state,
    }


def _downloaded_row(entry: DownloadedEntry, root: str | Path) -> dict[str, Any]:
    return {
        **_shared_row(entry, entry.state(root), licence_of(entry)),
        "candidate_names": entry.name_count,
        "folder": str(entry.path_in(root)),
        "counts_verified": entry.counts_verified,
        "licence_verified": entry.licence_verified,
        "checksums": {Path(archive.path).name: f"md5:{archive.md5}" for archive in entry.archives if archive.md5},
        "content_sha256": entry.content_sha256 or None,
        "mirrors": [
            {
                "address": mirror.address,
                "revision": mirror.revision or None,
                "accepted": mirror.accepted,
                "note": mirror.note,
            }
            for mirror in entry.mirrors
        ],
        "notes": list(entry.notes),
    }


def overview_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return the rows as an aligned table."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    counts = [count for count in row["splits"].values() if count is not None]
    images = f"{sum(counts):,}" if counts else "as configured"
    return (row["name"], row["role"], images, str(row["classes"]), row["state"], row["licence"])
