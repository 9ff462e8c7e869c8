"""The card of a data set: all that is known of it before one of its images is read, checked against a typed model."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from prefclip.config import Config
from prefclip.datasets.card_files import CARDS, CardError, card_path, dataset_names, parsed_card
from prefclip.errors import did_you_mean

DEFAULT_TEMPLATE = "a photo of a {}."

Role = Literal["train", "zero-shot", "real", "bias"]
Route = Literal["shipped", "torchvision", "hub-parquet", "hub-zip", "photo-zip", "manual", "own"]
Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Mirror:
    """A place where the files of a data set can be had, which ``fetch`` uses if ``accepted``; ``note`` says why not.

    Attributes:
        address: ``hub:owner/name`` for a data set of the Hugging Face hub, otherwise a URL.
        revision: full commit; empty where the address is no repository, or where none is known.
        inside: part of the path of the wanted files inside an archive.
        licence: what the mirror itself states; empty for the original, whose licence is the card's.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    address: str
    revision: str = ""
    inside: str = ""
    licence: str = ""
    accepted: bool = True
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One file that ``fetch`` downloads, or that a person does: ``url`` is empty where it cannot be fetched.

    Below the download folder it goes to ``path``, where torchvision looks for it. ``md5`` is empty where unpublished;
    ``git_blob`` is git's own name for the content of a file that lies in a repository.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: str = ""
    path: str
    md5: str = ""
    git_blob: str = ""


@dataclass(frozen=True, kw_only=True)
class Size:
    """Images of each split and classes with images, where a set was published in more than one size."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    splits: Mapping[Split, int]
    class_count: int

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {split}" for split, count in self.splits.items())
        return f"{counts} images of {self.class_count} classes"


@dataclass(frozen=True, kw_only=True)
class Card:
    """One data set. In the file, ``classes`` may be a mapping of the set's own names (``folders``) to class names.

    Counts and licences are common knowledge that was not read at the source unless ``…_verified`` says so.

    Attributes:
        name: as in configurations and file names; in the file system, the name of the card.
        title: as in tables and figures.
        role: what the data set is for, unless a configuration gives it another part.
        family: the module of ``prefclip.datasets.readers`` that reads it.
        route: how its files get here: shipped with the repository, fetched in one of four ways, placed by hand, or a
            user's own.
        folder: place below the root folder, in the layout of torchvision where it has one; a user's own set lies there.
        layouts: paths below ``folder``; the set is there when all of one layout exist.
        inside: where below ``folder`` the folders of classes lie.
        unread: class folders whose images are left out and which may be missing; their names stay candidates.
        variant: which of several sets that share their files.
        split_file: a split list beside the cards.
        split_md5: the published checksum of the split list.
        template: the prompt, with {} for a class name.
        splits: images of each published split; None where the configuration or the user decides.
        count_tolerance: share by which the size of a split may differ, where no exact number is published.
        other_sizes: further sizes in which the set was published, as good as that of ``splits`` and ``class_count``.
        counts_verified, licence_verified: whether the figures were read at the source.
        class_count: how many classes have images; None where nothing is published. In a file, the number of
            ``classes`` unless given.
        name_count: candidate names, the columns of the zero-shot classifier; None where only the files tell.
            In a file, as ``class_count``.
        word_count: different words written on the photographs; None for sets without.
        repeated_names: names that the published list gives to more than one class.
        word_removed: photographs whose word was blanked out again, so that they count as clean.
        content_sha256: of all images, see ``content_fingerprint``; empty where the images were never at hand.
        released_split: the split that the released code scores.
        released_cap: the number of images to which the released code cuts it; None for all.
        released_train_fraction: share of the training split that the released code trains on.
        mirrors: other places, in the order in which ``fetch`` tries them.
        licence: SPDX identifiers, or the terms in words.
        place_by_hand: what to place where, for a manual set; {folder} is its folder, {root} the one above.
        names_from: where class names and template come from.
        look_alikes: other lists of ``folders`` that go by the same name, to be refused by what they are.
        classes: the names in evaluation order, or the file of the raw folder that lists them.
        folders: the set's own class names (folders, synsets) in the order of ``classes``; empty where it has none.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    title: str
    role: Role
    family: str
    route: Route
    torchvision_class: str = ""
    folder: str = ""
    layouts: tuple[tuple[str, ...], ...] = ()
    inside: str = ""
    unread: tuple[str, ...] = ()
    variant: str = ""
    split_file: str = ""
    split_md5: str = ""
    template: str = DEFAULT_TEMPLATE
    splits: Mapping[Split, int | None]
    count_tolerance: Mapping[Split, float] = field(default_factory=dict)
    other_sizes: tuple[Size, ...] = ()
    counts_verified: bool = False
    class_count: int | None = None
    name_count: int | None = None
    word_count: int | None = None
    repeated_names: tuple[str, ...] = ()
    word_removed: bool = False
    content_sha256: str = ""
    released_split: str = "test"
    released_cap: int | None = None
    released_train_fraction: float = 0.8
    source: str
    archives: tuple[Archive, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    licence: str
    licence_verified: bool = False
    citation: str = ""
    notes: tuple[str, ...] = ()
    place_by_hand: str = ""
    names_from: str = ""
    look_alikes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    classes: tuple[str, ...] | str = ()
    folders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.template.count("{}") != 1:
            raise ValueError(f"template: {self.template!r} must hold {{}} once, for the class name")

    @property
    def obtained(self) -> Literal["shipped", "fetched", "manual", "own"]:
        """Shipped with the repository, fetched by a command, placed by hand, or a user's own."""
        return self.route if self.route in ("shipped", "manual", "own") else "fetched"

    @property
    def image_count(self) -> int:
        """All published images."""
        return sum(count or 0 for count in self.splits.values())

    @property
    def sizes(self) -> list["Card"]:
        """The card, once for each published size."""
        others = [replace(self, splits=size.splits, class_count=size.class_count) for size in self.other_sizes]
        return [self, *others]

    @property
    def lists(self) -> list[Path]:
        """The lists beside the card that its family reads."""
        return [CARDS / self.split_file] if self.split_file else []

    def path_in(self, root: str | Path) -> Path:
        """The set's folder; a user's own does not lie below the root."""
        return Path(self.folder) if self.route == "own" else Path(root) / self.folder

    def state(self, root: str | Path) -> Literal["present", "fetchable", "manual"]:
        """Whether the files are in ``root``, and if not, how they get there."""
        folder = self.path_in(root)
        if any(all((folder / path).exists() for path in layout) for layout in self.layouts):
            return "present"
        if self.route in ("manual", "own") and not self.completing(root):
            return "manual"
        return "fetchable"

    def completing(self, root: str | Path) -> list[Archive]:
        """What can be downloaded and is all that a layout in ``root`` still lacks; nothing where more is missing."""
        fetched = {archive.path: archive for archive in self.archives if archive.url}
        for layout in self.layouts:
            lacking = [f"{self.folder}/{path}" for path in layout if not (self.path_in(root) / path).exists()]
            if set(lacking) <= set(fetched):
                return [fetched[path] for path in lacking]
        return []

    def remedy(self, root: str | Path) -> str:
        """The end of an error message about missing or damaged files."""
        if self.route == "own":
            return f"place the images there as <class>/<image>, or correct data.own.{self.name}.folder"
        command = f"prefclip datasets fetch {self.name} --root {root}"
        if self.route == "manual":
            return f"`{command}` says what to place where"
        return f"remove {self.path_in(root)} and run `{command}`"


# What a file may not say: the first is its own name, the second follows from its classes.
DERIVED_KEYS = ("name", "folders")
# What manifests, images and class lists are made from; a change of any other key changes no byte of them.
DECISIVE_KEYS = (
    "family",
    "folder",
    "inside",
    "unread",
    "variant",
    "split_md5",
    "template",
    "repeated_names",
    "released_split",
    "released_cap",
    "released_train_fraction",
)


def decisive_values(card: Card) -> dict[str, Any]:
    """Return what of a card, beside the role, decides the bytes made of it; the many class names stand as a sha256."""
    lists = json.dumps([card.classes, card.folders], ensure_ascii=False)
    values = {key: value for key, value in asdict(card).items() if key in DECISIVE_KEYS}
    return {**values, "classes": f"sha256:{hashlib.sha256(lists.encode()).hexdigest()}"}


def role_in_run(config: Config, card: Card) -> Role:
    """Return the part that a configuration gives a data set; its usual one when it is not mentioned."""
    if card.name == config.data.train:
        return "train"
    if card.name in config.data.zero_shot:
        return "zero-shot"
    if card.name in config.data.bias:
        return "bias"
    return card.role


def dataset_card(name: str, own: Mapping[str, Card] | None = None) -> Card:
    """Return a card; ``own`` holds the user's. Raises UnknownDatasetError, which lists the names, or CardError."""
    if own and name in own:
        return own[name]
    return _checked(card_path(name, own or ()))


def own_card(name: str, folder: str, template: str = DEFAULT_TEMPLATE) -> Card:
    """Return the card of a user's own folder. Raises CardError for a taken name, and for a template without {}."""
    if name in dataset_names():
        raise CardError(f"data.own: {name!r} is a data set that prefclip knows; choose another name.")
    try:
        return Card(
            name=name,
            title=name,
            role="zero-shot",
            family="class_folders",
            route="own",
            folder=folder,
            layouts=((".",),),
            template=template,
            splits={"train": None, "validation": None, "test": None},
            source=folder,
            licence="its owner's",
            classes="",
        )
    except ValueError as error:
        raise CardError(f"data.own.{name}: {error}.") from error


@lru_cache
def _checked(path: Path) -> Card:
    values = dict(parsed_card(path))
    if derived := [key for key in DERIVED_KEYS if key in values]:
        raise CardError(f"{path}: {_unknown_key((derived[0],))}.")
    classes = values.get("classes", [])
    if isinstance(classes, dict):
        values |= {"classes": list(classes.values()), "folders": list(classes)}
    if not isinstance(classes, str):
        values = {"class_count": len(classes), "name_count": len(classes), **values}
    try:
        return _CARD.validate_python({"name": path.stem, **values})
    except ValidationError as error:
        raise CardError(f"{path}: {_complaint(error.errors())}.") from error


_CARD = TypeAdapter(Card)


def _complaint(errors: list[dict[str, Any]]) -> str:
    """One clause about what pydantic found, unknown keys first: they explain missing ones."""
    found = min(errors, key=lambda error: error["type"] != "unexpected_keyword_argument")
    place = ".".join(map(str, found["loc"]))
    if found["type"] == "unexpected_keyword_argument":
        return _unknown_key(found["loc"])
    if found["type"] == "missing":
        return f"key {place!r} is missing"
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    return f"{place}: {found['msg'][0].lower()}{found['msg'][1:]}, got {found['input']!r}"


def _unknown_key(location: tuple) -> str:
    kind = {"mirrors": Mirror, "archives": Archive, "other_sizes": Size}.get(location[0], Card)
    allowed = [each.name for each in fields(kind) if each.name not in DERIVED_KEYS]
    hint = did_you_mean(str(location[-1]), allowed)
    return f"unknown key {'.'.join(map(str, location))!r}{f' ({hint})' if hint else ''}; allowed: {', '.join(allowed)}"
