"""All data sets at a glance: role, size, licence, state."""

from pathlib import Path
from typing import Any, get_args

from prefclip.datasets.card import Card, Role
from prefclip.datasets.fetch import licence_of
from prefclip.datasets.registry import DOWNLOADED_DATASETS, EMBEDDED_DATASETS
from prefclip.datasets.stand_in_marker import is_stand_in

HEADINGS = ("name", "role", "images", "classes", "state", "licence")


def overview(root: str | Path) -> list[dict[str, Any]]:
    """Return what is known about each data set, and its state below ``root``; by role; embedded sets last."""
    cards = sorted(DOWNLOADED_DATASETS.values(), key=lambda card: get_args(Role).index(card.role))
    downloaded = [_downloaded_row(card, root) for card in cards]
    return [*downloaded, *(_shared_row(card, "present", card.licence) for card in EMBEDDED_DATASETS.values())]


def _shared_row(card: Card, state: str, licence: str) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": card.title,
        "role": card.role,
        "splits": dict(card.splits),
        "classes": card.class_count,
        "template": card.template,
        "source": card.source,
        "licence": licence,
        "citation": card.citation,
        "state": state,
    }


def _downloaded_row(card: Card, root: str | Path) -> dict[str, Any]:
    return {
        **_shared_row(card, "stand-in" if is_stand_in(card.path_in(root)) else card.state(root), licence_of(card)),
        "candidate_names": card.name_count,
        "folder": str(card.path_in(root)),
        "counts_verified": card.counts_verified,
        "licence_verified": card.licence_verified,
        "checksums": {Path(archive.path).name: f"md5:{archive.md5}" for archive in card.archives if archive.md5},
        "content_sha256": card.content_sha256 or None,
        "mirrors": [
            {
                "address": mirror.address,
                "revision": mirror.revision or None,
                "licence": mirror.licence or None,
                "accepted": mirror.accepted,
                "note": mirror.note,
            }
            for mirror in card.mirrors
        ],
        "notes": list(card.notes),
    }


def overview_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return the rows as an aligned table."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    counts = [count for count in row["splits"].values() if count is not None]
    images = f"{sum(counts):,}" if counts else "unpublished" if "folder" in row else "as configured"
    return (row["name"], row["role"], images, str(row["classes"]), row["state"], row["licence"])
