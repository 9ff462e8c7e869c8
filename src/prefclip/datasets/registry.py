"""Every data set by name."""

from prefclip.datasets.catalog import DOWNLOADED_DATASETS
from prefclip.datasets.entries import DatasetEntry, Role
from prefclip.errors import PrefclipError

__all__ = ["DATASETS", "EMBEDDED_DATASETS", "DatasetEntry", "UnknownDatasetError", "dataset_entry"]


class UnknownDatasetError(PrefclipError):
    """No data set has this name."""


def _embedded(name: str, role: Role, class_count: int, title: str | None = None) -> DatasetEntry:
    return DatasetEntry(
        name=name,
        title=title or name.capitalize(),
        role=role,
        family="embedded",
        classes="classes.yaml",
        class_count=class_count,
        splits=dict.fromkeys(("train", "validation", "test") if role == "train" else ("test",)),
        source="npm: emoji-datasource-twitter 16.0.0, emoji-datasource-google 16.0.0, @lobehub/fluent-emoji-3d 1.1.0",
        licence="CC-BY-4.0 AND Apache-2.0 AND MIT; names Unicode-3.0",
        citation="Twemoji, Noto Emoji and Fluent Emoji; see resources/embedded/ATTRIBUTION.md",
        obtained="shipped",
    )


EMBEDDED_DATASETS: dict[str, DatasetEntry] = {
    entry.name: entry
    for entry in (
        _embedded("animals", "train", 64),
        _embedded("food", "zero-shot", 40),
        _embedded("objects", "zero-shot", 40),
        _embedded("travel", "zero-shot", 32, "Travel and places"),
        _embedded("plants", "zero-shot", 14),
        _embedded("activities", "zero-shot", 20),
        _embedded("people", "bias", 45),
    )
}

DATASETS: dict[str, DatasetEntry] = {**EMBEDDED_DATASETS, **DOWNLOADED_DATASETS}


def dataset_entry(name: str) -> DatasetEntry:
    """Return the entry of a data set.

    Raises UnknownDatasetError, which lists the names that exist.
    """
    if name not in DATASETS:
        raise UnknownDatasetError(f"unknown data set {name!r}; allowed: {', '.join(DATASETS)}.")
    return DATASETS[name]
