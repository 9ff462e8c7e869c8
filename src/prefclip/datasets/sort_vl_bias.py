"""`prefclip datasets sort`: the pictures of VL-Bias as they were downloaded, into a folder for each concept and gender.

No layout of the download is published, and the authors' scripts let a model say who is a man or a woman. So what the
names of folders and files say is taken, and what they do not say is asked for in a list: a model's answer would measure
its own bias.
"""

import csv
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from prefclip.datasets.card import Card
from prefclip.datasets.check import CheckReport, check_dataset
from prefclip.datasets.fetch import WORK_FOLDER
from prefclip.datasets.listings import IMAGE_SUFFIXES, count_problems, make_listing
from prefclip.datasets.pictures import PictureError, open_picture
from prefclip.errors import PrefclipError
from prefclip.files import whole_file

GENDER_WORDS = {
    "man": {"man", "men", "male", "males", "boy", "boys"},
    "woman": {"woman", "women", "female", "females", "girl", "girls"},
}
LEFT_OUT = "none"
COLUMNS = ("image", "concept", "gender")

# Concept and gender of a picture, by its path below the folder of the download; None for what is not known.
Told = dict[str, tuple[str | None, str | None]]


class SortError(PrefclipError):
    """Pictures cannot be sorted: some say too little, or the sorted set would not be the published one."""


def sort_vl_bias(card: Card, source: str | Path, root: str | Path, listed: str | Path) -> CheckReport:
    """Link (on another disk: copy) the pictures below ``source`` into the set's folder below ``root``, and check it.

    ``listed`` is a CSV with the columns image, concept, gender, which is read where it is there; a gender ``none``
    leaves a picture out. Where pictures say too little and no list is there, one with all that is known is written.
    Nothing below ``source`` is changed, and the set's folder appears in one step.

    Raises SortError for a source that is no folder or has no pictures, pictures that say too little or cannot be
    decoded, a list with other names or with a picture twice, counts that are not the published ones, and a folder in
    the way.
    """
    source, root, listed = Path(source), Path(root), Path(listed)
    target = card.path_in(root)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SortError(f"{target}: is there; move it away and run the command again.")
    concepts = {folder.partition("/")[2]: folder for folder in card.folders}
    told = _told(source, concepts)
    if listed.is_file():
        told |= _read(listed, told, concepts)
    unsure = [image for image, (concept, gender) in told.items() if gender != LEFT_OUT and None in (concept, gender)]
    if unsure:
        if not listed.is_file():
            _write(listed, told)
        raise SortError(
            f"{source}: {len(unsure)} of {len(told)} pictures do not say their concept and gender, the first is "
            f"{unsure[0]!r}; fill in {listed} (gender: man, woman, or none to leave a picture out) and run again."
        )
    places = {
        image: f"{concepts[concept]}/{gender}/{image.replace('/', '_')}"
        for image, (concept, gender) in told.items()
        if gender != LEFT_OUT
    }
    _require_published(card, source, places.values())
    _require_decodable(source, places)
    try:
        _place(source, places, root / WORK_FOLDER / f"{card.folder}-sorted", target)
    except OSError as error:
        raise SortError(
            f"{error.filename or root}: cannot be written ({error.strerror}); choose another folder with --root, or "
            "make room, and run the command again."
        ) from error
    return check_dataset(card, root)


def _told(source: Path, concepts: Iterable[str]) -> Told:
    """What every picture below a folder says of itself."""
    if not source.exists():
        raise SortError(f"{source}: there is no such folder; name the one of the unpacked download.")
    if not source.is_dir():
        raise SortError(f"{source}: is a file; unpack it and name the folder.")
    images = sorted(
        path.relative_to(source)
        for path in source.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )
    # Hidden files, and the folder in which macOS repeats an archive.
    shown = [path for path in images if not any(part.startswith((".", "__MACOSX")) for part in path.parts)]
    if not shown:
        raise SortError(f"{source}: no pictures found there; unpack the download and name its folder.")
    words = {concept: {concept} for concept in concepts}
    return {path.as_posix(): (_said(path, words), _said(path, GENDER_WORDS)) for path in shown}


def _said(path: Path, words: Mapping[str, set[str]]) -> str | None:
    """The key that the innermost folder with any of the words, or else the file's name, tells; None for two at once."""
    for part in (*reversed(path.parts[:-1]), path.stem):
        found = [key for key, told in words.items() if told & set(re.findall("[a-z]+", part.lower()))]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _read(listed: Path, told: Told, concepts: Iterable[str]) -> Told:
    allowed = {"concept": {"", *concepts}, "gender": {"", LEFT_OUT, *GENDER_WORDS}}
    try:
        rows = list(csv.DictReader(listed.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SortError(f"{listed}: cannot be read as CSV ({error}).") from error
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        if missing := [column for column in COLUMNS if row.get(column) is None]:
            raise SortError(f"{listed}, line {number}: {missing[0]} is missing; the columns are {', '.join(COLUMNS)}.")
        if row["image"] not in told:
            raise SortError(f"{listed}, line {number}: there is no picture {row['image']!r}; image is its path.")
        if (before := first.setdefault(row["image"], number)) != number:
            raise SortError(
                f"{listed}, line {number}: {row['image']!r} is in line {before} already; keep one of the two."
            )
        for column, names in allowed.items():
            if row[column] not in names:
                choices = ", ".join(sorted(names - {""}))
                raise SortError(f"{listed}, line {number}: {column} is {row[column]!r}; allowed: {choices}.")
    return {row["image"]: (row["concept"] or None, row["gender"] or None) for row in rows}


def _write(listed: Path, told: Told) -> None:
    with whole_file(listed) as path, path.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows((image, concept or "", gender or "") for image, (concept, gender) in told.items())


def _require_published(card: Card, source: Path, places: Iterable[str]) -> None:
    """Raise SortError for counts that are not the published ones, and for a concept with one gender alone."""
    label = {folder: place for place, folder in enumerate(card.folders)}
    rows = [{"path": place, "split": "test", "label": label[place.rsplit("/", 2)[0]]} for place in places]
    found = {str(PurePosixPath(row["path"]).parent) for row in rows}
    wanted = {f"{folder}/{gender}" for folder in card.folders for gender in GENDER_WORDS}
    problems = count_problems(card, make_listing(card, source, card.classes, rows))
    problems += [f"no picture for {' or '.join(sorted(wanted - found)[:3])}"] * (wanted > found)
    if problems:
        raise SortError(f"{source}: {'; '.join(problems)}; is this the whole download?")


def _require_decodable(source: Path, images: Iterable[str]) -> None:
    """Raise SortError for pictures that cannot be decoded: they would pass for data until a run reads them."""
    damaged = []
    for image in images:
        try:
            open_picture(source / image)
        except PictureError:
            damaged.append(image)
    if damaged:
        many = "1 picture" if len(damaged) == 1 else f"{len(damaged)} pictures"
        raise SortError(
            f"{source}: {many} cannot be decoded, the first is {damaged[0]!r}; get them again, or leave a picture out "
            "with the gender none in a list."
        )


def _place(source: Path, places: Mapping[str, str], work: Path, target: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    try:
        for image, place in places.items():
            (work / place).parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source / image, work / place)
            except OSError:  # another disk, or one without links
                shutil.copyfile(source / image, work / place)
        if target.is_dir():
            target.rmdir()
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
