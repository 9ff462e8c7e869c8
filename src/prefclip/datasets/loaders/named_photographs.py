"""RTA-100 and the set of PAINT: photographs of an object with a misleading word; the file's name holds both."""

import re
from pathlib import Path

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import DatasetFolderError, Listing, images_below, make_listing

FILE_NAME = re.compile(r"label=(?P<object>.+)_text=(?P<word>.+)\.(?:jpe?g|png)", re.IGNORECASE)


def parse_file_name(name: str) -> tuple[str, str] | None:
    """Return object and written word of ``label=X_text=Y.jpg``; None for any other name.

    The whole suffix goes: cutting four characters would leave a dot after the word of a ``.jpeg`` file.
    """
    match = FILE_NAME.fullmatch(name)
    return (match["object"], match["word"]) if match else None


def read_named_photographs(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read the photographs directly in the folder; candidate names are all objects and words, sorted.

    Raises DatasetFolderError for an image that is named otherwise, and for other names than the published ones.
    """
    parsed = {}
    for name in images_below(folder):
        found = parse_file_name(name)
        if found is None:
            raise DatasetFolderError(f"{folder / name}: the name has to be like label=dog_text=cat.jpg; rename it.")
        parsed[name] = found
    names = tuple(sorted({text for pair in parsed.values() for text in pair}))
    unknown = sorted(set(names) - set(entry.classes))
    if entry.classes and unknown:
        raise DatasetFolderError(f"{folder}: {unknown[0]!r} is no object or word of {entry.title}.")
    label = {name: index for index, name in enumerate(names)}
    rows = [
        {"path": name, "split": "test", "label": label[thing], "word": word, "word_label": label[word]}
        for name, (thing, word) in parsed.items()
    ]
    return make_listing(entry, folder, names, rows)
