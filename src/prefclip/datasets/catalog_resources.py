"""The lists that ship with the repository: prompts, class names, synsets, the EuroSAT split."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.errors import PrefclipError

LISTS = Path(__file__).resolve().parents[3] / "resources" / "datasets"
EUROSAT_SPLIT = LISTS / "split_zhou_eurosat.json.gz"
EUROSAT_SPLIT_MD5 = "989e1eca757dec43cfcee28faf6b28fc"


class ResourceError(PrefclipError):
    """A list that ships with the repository is missing or damaged."""


@lru_cache(maxsize=1)
def prompts() -> dict[str, dict]:
    """Per data set: template, class_names in evaluation order, folders (the set's own names in that order), origin.

    Raises ResourceError naming the file.
    """
    path = LISTS / "prompts.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResourceError(f"{path}: cannot be read ({error}); restore it from the repository.") from error


def synsets(name: str) -> tuple[str, ...]:
    """Return the sorted synsets of a list: ``imagenet``, ``imagenet100`` or ``imagenet100_cmc``.

    Raises ResourceError naming the file.
    """
    path = LISTS / f"{name}_wnids.txt"
    try:
        return tuple(sorted(path.read_text(encoding="utf-8").split()))
    except OSError as error:
        raise ResourceError(f"{path}: cannot be read ({error}); restore it from the repository.") from error


def catalog_entry(name: str, **fields: Any) -> DownloadedEntry:
    """Build an entry whose names, folders and prompt are those of ``resources/datasets/prompts.json``."""
    listed = prompts()[name]
    defaults = {
        "name": name,
        "family": name,
        "role": "zero-shot",
        "classes": tuple(listed["class_names"]),
        "folders": tuple(listed.get("folders", ())),
        "class_count": len(listed["class_names"]),
        "name_count": len(listed["class_names"]),
        "template": listed["template"],
        "obtained": "manual" if fields.get("route", "manual") == "manual" else "fetched",
    }
    return DownloadedEntry(**{**defaults, **fields})
