"""The raw files of one downloaded data set for a run: fetched if they can be, checked, and fingerprinted."""

from pathlib import Path

from prefclip.datasets.catalog import downloaded_entry
from prefclip.datasets.check import content_fingerprint
from prefclip.datasets.fetch import fetch_dataset
from prefclip.datasets.loaders import list_images
from prefclip.files import write_json


def obtain_dataset(name: str, root: str | Path, out: str | Path) -> None:
    """Fetch a data set unless it is there, check it, and write what was found to ``out`` (JSON).

    Raises PlaceByHandError saying what to place where, or another PrefclipError naming what is wrong.
    """
    entry = downloaded_entry(name)
    fetch_dataset(entry, root)
    paths = list_images(entry, root).records["path"].tolist()
    found = {
        "dataset": name,
        "source": entry.source,
        "licence": entry.licence,
        "images": len(paths),
        "sha256": content_fingerprint(entry.path_in(root), paths),
    }
    write_json(out, found)
