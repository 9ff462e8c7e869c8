"""OxfordPets in torchvision's layout."""

from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.listings import DatasetFolderError, Listing, label_by_folder, listing_of_lists, read_lines
from prefclip.datasets.photograph_sets import photographs_of


def read(card: Card, folder: Path) -> Listing:
    """Read ``annotations/trainval.txt`` and ``test.txt``; the class is the file's name without its number.

    The numbers in the lists order the classes without regard to case; labels here follow the order of the names.

    Raises DatasetFolderError for a missing list or image, and for an unknown breed.
    """
    labels = label_by_folder(card)
    rows = []
    for split, name in (("train", "trainval.txt"), ("test", "test.txt")):
        path = folder / "annotations" / name
        for line in read_lines(card, path):
            image = line.split()[0]
            breed = image.rpartition("_")[0]
            if breed not in labels:
                raise DatasetFolderError(f"{path}: {breed!r} in line {line!r} is no breed of {card.title}.")
            rows.append({"path": f"images/{image}.jpg", "split": split, "label": labels[breed]})
    return listing_of_lists(card, folder, rows)


image_set = photographs_of(read)
