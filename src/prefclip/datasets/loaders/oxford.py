"""The four sets of Oxford's Visual Geometry Group in torchvision's layout: pets, flowers, aircraft, textures."""

from pathlib import Path

from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.loaders.listings import (
    DatasetFolderError,
    Listing,
    label_by_folder,
    make_listing,
    read_text,
    require,
    require_classes,
    require_images,
)
from prefclip.datasets.loaders.mat_files import read_mat

DTD_PARTITION = 1


def read_pets(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``annotations/trainval.txt`` and ``test.txt``; the class is the file's name without its number.

    The numbers in the lists order the classes without regard to case; labels here follow the order of the names.

    Raises DatasetFolderError for a missing list or image, and for an unknown breed.
    """
    labels = label_by_folder(entry)
    rows = []
    for split, name in (("train", "trainval.txt"), ("test", "test.txt")):
        path = folder / "annotations" / name
        for line in _lines(entry, path):
            image = line.split()[0]
            breed = image.rpartition("_")[0]
            if breed not in labels:
                raise DatasetFolderError(f"{path}: {breed!r} in line {line!r} is no breed of {entry.title}.")
            rows.append({"path": f"images/{image}.jpg", "split": split, "label": labels[breed]})
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, entry.classes, rows)


def read_flowers102(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``imagelabels.mat`` (labels from 1) and ``setid.mat``: trnid, valid, tstid (image numbers from 1).

    Raises DatasetFolderError for a missing or damaged list, a missing image, and a label out of range.
    """
    labels_path = folder / "imagelabels.mat"
    labels = read_mat(entry, labels_path, "labels")
    ids_path = folder / "setid.mat"
    rows = []
    for split, key in (("train", "trnid"), ("validation", "valid"), ("test", "tstid")):
        for number in read_mat(entry, ids_path, key):
            if not 1 <= number <= len(labels):
                raise DatasetFolderError(f"{ids_path}: {key} lists image {number}, but {len(labels)} have labels.")
            label = int(labels[number - 1]) - 1
            if not 0 <= label < len(entry.classes):
                raise DatasetFolderError(f"{labels_path}: label {label + 1}; allowed: 1 to {len(entry.classes)}.")
            rows.append({"path": f"jpg/image_{number:05d}.jpg", "split": split, "label": label})
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, entry.classes, rows)


def read_aircraft(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read ``data/images_variant_{train,val,test}.txt``; each line is an image number, a space, the variant.

    Raises DatasetFolderError for a missing list or image, and for other variants than the 100.
    """
    variants_path = folder / "data" / "variants.txt"
    labels = {name: label for label, name in enumerate(entry.classes)}
    listed = set(_lines(entry, variants_path))
    if listed != set(labels):
        odd = sorted(listed ^ set(labels))[0]
        raise DatasetFolderError(
            f"{variants_path}: {odd!r} is listed here or expected, but not both; the class names differ from those "
            f"of {entry.title}; {entry.remedy(folder.parent)}."
        )
    rows = []
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        path = folder / "data" / f"images_variant_{name}.txt"
        for line in _lines(entry, path):
            image, _, variant = line.partition(" ")
            if variant not in labels:
                raise DatasetFolderError(f"{path}: {variant!r} in line {line!r} is no variant of variants.txt.")
            rows.append({"path": f"data/images/{image}.jpg", "split": split, "label": labels[variant]})
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, entry.classes, rows)


def read_dtd(entry: DownloadedEntry, folder: Path) -> Listing:
    """Read partition 1, ``labels/{train,val,test}1.txt``; each line is ``texture/image``.

    Raises DatasetFolderError for a missing list, texture folder or image, and for an unknown texture.
    """
    base = folder / "dtd"
    require_classes(entry, require(entry, base / "images", "the folder of images"), entry.folders)
    labels = label_by_folder(entry)
    rows = []
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        path = base / "labels" / f"{name}{DTD_PARTITION}.txt"
        for line in _lines(entry, path):
            texture = line.partition("/")[0]
            if texture not in labels:
                raise DatasetFolderError(f"{path}: {texture!r} in line {line!r} is no texture of {entry.title}.")
            rows.append({"path": f"dtd/images/{line}", "split": split, "label": labels[texture]})
    require_images(entry, folder, [row["path"] for row in rows])
    return make_listing(entry, folder, entry.classes, rows)


def _lines(entry: DownloadedEntry, path: Path) -> list[str]:
    text = read_text(entry, path, "the list")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
