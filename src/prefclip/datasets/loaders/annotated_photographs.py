"""Real photographs with an annotation file: the set of Materzynska et al., and SCAM with its two counterparts."""

import json
from pathlib import Path

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import (
    DatasetFolderError,
    Listing,
    make_listing,
    read_text,
    require_images,
)

OBJECT_KEY, WORD_KEY = "true object", "typographic attack label"
SCAM_VARIANTS = {"scam": "SCAM", "noscam": "NoSCAM", "synthscam": "SynthSCAM"}
SCAM_IMAGES = "images/train"


def read_disentangling(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``annotations.json`` (image → true object, typographic attack label) and ``images/``.

    Candidate names are those of ``classes.json`` in their order where that file is given (it is not public), else all
    objects and words, sorted.

    Raises DatasetFolderError for a missing annotation file, key or image, and for an object without a candidate name.
    """
    path = folder / "annotations.json"
    annotations = _json_mapping(entry, path, "the annotations (called annotation.json in the set's README)")
    pairs = {}
    for image, values in annotations.items():
        try:
            pairs[image] = (str(values[OBJECT_KEY]), str(values[WORD_KEY]))
        except (KeyError, TypeError) as error:
            raise DatasetFolderError(
                f"{path}: {image!r} needs the keys {OBJECT_KEY!r} and {WORD_KEY!r} ({error!r})."
            ) from error
    names = _candidates(entry, folder, pairs)
    label = {name: index for index, name in enumerate(names)}
    rows = [
        {
            "path": f"images/{image}",
            "split": "test",
            "label": label[thing],
            "word": word,
            # A word that is no candidate can never be the prediction.
            "word_label": label.get(word, -1),
        }
        for image, (thing, word) in pairs.items()
    ]
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, names, rows)


def _candidates(entry: DownloadedEntry, folder: Path, pairs: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    path = folder / "classes.json"
    if not path.is_file():
        return tuple(sorted({text for pair in pairs.values() for text in pair}))
    names = tuple(_json_mapping(entry, path, "the class list"))
    missing = sorted({thing for thing, _ in pairs.values()} - set(names))
    if missing:
        raise DatasetFolderError(f"{path}: the object {missing[0]!r} is missing among the {len(names)} names.")
    return names


def _json_mapping(entry: DownloadedEntry, path: Path, what: str) -> dict:
    try:
        values = json.loads(read_text(entry, path, what))
    except ValueError as error:
        raise DatasetFolderError(f"{path}: not valid JSON ({error}); {entry.remedy(path.parent.parent)}.") from error
    if not isinstance(values, dict):
        raise DatasetFolderError(f"{path}: expected a JSON mapping, got {type(values).__name__}.")
    return values


def read_scam(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``images/train/metadata.jsonl`` of the hub's ``images.zip`` and keep the variant that ``entry`` names.

    Candidate names are all objects and attack words, sorted. The set's own protocol compares ``label`` with
    ``word_label`` only. On NoSCAM the word is blanked out: ``word`` is the one that the note bore.

    Raises DatasetFolderError for a missing or damaged list, a missing image, and a list without this variant.
    """
    path = folder / SCAM_IMAGES / "metadata.jsonl"
    records = []
    for number, line in enumerate(read_text(entry, path, "the annotation list").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            records.append(tuple(str(values[key]) for key in ("file_name", "type", "object_label", "attack_word")))
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetFolderError(
                f"{path}: line {number} needs file_name, type, object_label and attack_word ({error!r})."
            ) from error
    variant = SCAM_VARIANTS[entry.name]
    chosen = [record for record in records if record[1] == variant]
    if not chosen:
        raise DatasetFolderError(f"{path}: no image has type {variant!r}; {entry.remedy(folder.parent)}.")
    names = tuple(sorted({text for record in chosen for text in record[2:]}))
    label = {name: index for index, name in enumerate(names)}
    rows = [
        {
            "path": f"{SCAM_IMAGES}/{image}",
            "split": "test",
            "label": label[thing],
            "word": word,
            "word_label": label[word],
        }
        for image, _, thing, word in chosen
    ]
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, names, rows)
