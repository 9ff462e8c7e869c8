"""FGVCAircraft in torchvision's layout."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, listing_of_lists, read_lines
from prefclip.datasets.photograph_sets import photographs_of


def read(card: Card, folder: Path) -> Listing:
    """Read ``data/images_variant_{train,val,test}.txt``; each line is an image number, a space, the variant.

    Raises DatasetFolderError for a missing list or image, and for other variants than the 100.
    """
    variants_path = folder / "data" / "variants.txt"
    labels = {name: label for label, name in enumerate(card.classes)}
    listed = set(read_lines(card, variants_path))
    if listed != set(labels):
        odd = sorted(listed ^ set(labels))[0]
        raise DatasetFolderError(
            f"{variants_path}: {odd!r} is listed here or expected, but not both; the class names differ from those "
            f"of {card.title}; {card.remedy(folder.parent)}."
        )
    rows = []
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        path = folder / "data" / f"images_variant_{name}.txt"
        for line in read_lines(card, path):
            image, _, variant = line.partition(" ")
            if variant not in labels:
                raise DatasetFolderError(f"{path}: {variant!r} in line {line!r} is no variant of variants.txt.")
            rows.append({"path": f"data/images/{image}.jpg", "split": split, "label": labels[variant]})
    return listing_of_lists(card, folder, rows)


image_set = photographs_of(read)
