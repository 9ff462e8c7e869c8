"""What a data set's folder holds, compared with what was published."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from prefclip.datasets.card import Card
from prefclip.datasets.families import reader_of
from prefclip.datasets.fingerprints import content_fingerprint
from prefclip.datasets.listings import DatasetFolderError, Listing, count_problems, read_folder
from prefclip.datasets.pictures import PictureError, open_picture
from prefclip.datasets.stand_in_marker import is_stand_in

Opened = Literal["none", "sample", "all"]
SAMPLE_SIZE = 200
LONGEST_LIST = 10


@dataclass
class CheckReport:
    """What was found, and every difference as one sentence, with how to mend it.

    Attributes:
        images: how many each split has.
        classes: how many occur as the true one; ``names``: how many are candidates.
        words: different written words; None for sets without.
        opened: images that were decoded.
        content_checked: whether the bytes of all images are those of a recorded sha256.
        stand_in: whether these are made-up pictures, which are compared with nothing.
    """

    dataset: str
    folder: str
    images: dict[str, int] = field(default_factory=dict)
    classes: int = 0
    names: int = 0
    words: int | None = None
    opened: int = 0
    content_checked: bool = False
    stand_in: bool = False
    problems: list[str] = field(default_factory=list)
    remedy: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def lines(self) -> list[str]:
        """The report in words."""
        splits = ", ".join(f"{count} {split}" for split, count in self.images.items())
        found = [f"{self.dataset}: {self.folder}"]
        if self.images:
            found.append(f"  {sum(self.images.values())} images ({splits})")
            found.append(f"  {self.classes} objects or classes, {self.names} candidate names")
        if self.words is not None:
            found.append(f"  {self.words} written words")
        if self.opened:
            found.append(f"  {self.opened} images opened")
        if self.stand_in:
            found.append("  a stand-in: made-up pictures, no data; their numbers are compared with nothing")
        if self.content_checked:
            found.append("  the files are those that were checked when this release was made (sha256)")
        wrong = [f"  wrong: {problem}" for problem in self.problems]
        return [*found, *wrong, "  sound" if self.sound else f"  to mend it: {self.remedy}"]


def check_dataset(card: Card, root: str | Path, opened: Opened = "sample") -> CheckReport:
    """Count images, classes and candidate names below ``root``, and open images to find damaged ones.

    These are ``all``, a ``sample`` of SAMPLE_SIZE spread over the set (all of a small set), or ``none``.
    """
    folder = card.path_in(root)
    report = CheckReport(card.name, str(folder), remedy=card.remedy(root))
    try:
        listing = read_folder(card, root, reader_of(card).read)
    except DatasetFolderError as error:
        report.problems.append(str(error))
        return report
    report.images = listing.split_sizes
    report.classes = int(listing.records["label"].nunique())
    report.names = len(listing.names)
    if "word" in listing.records:
        report.words = int(listing.records["word"].nunique())
    report.stand_in = is_stand_in(folder)
    report.problems += [] if report.stand_in else count_problems(card, listing)
    paths = _paths_to_open(listing, opened)
    report.opened = len(paths)
    report.problems += _damaged(folder, paths)
    if card.content_sha256 and opened != "none" and not report.stand_in:
        report.content_checked = content_fingerprint(folder, listing.records["path"]) == card.content_sha256
        if not report.content_checked:
            report.problems.append("some files differ from those that were checked when this release was made (sha256)")
    return report


def _paths_to_open(listing: Listing, opened: Opened) -> list[str]:
    paths = listing.records["path"].tolist()
    if opened == "none":
        return []
    if opened == "all" or len(paths) <= SAMPLE_SIZE:
        return paths
    return [paths[place] for place in np.linspace(0, len(paths) - 1, SAMPLE_SIZE).round().astype(int)]


def _damaged(folder: Path, paths: list[str]) -> list[str]:
    problems = []
    for path in paths:
        try:
            open_picture(folder / path)
        except PictureError as error:
            problems.append(str(error).rstrip("."))
    if len(problems) > LONGEST_LIST:
        problems = [*problems[:LONGEST_LIST], f"… and {len(problems) - LONGEST_LIST} more damaged images"]
    return problems
