"""What is known about a data set that a user downloads or places by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from prefclip.datasets.entries import DatasetEntry

Route = Literal["torchvision", "hub-parquet", "hub-zip", "photo-zip", "manual"]


@dataclass(frozen=True)
class Mirror:
    """A place where the files of a data set can be had.

    Attributes:
        address: ``hub:owner/name`` for a data set of the Hugging Face hub, otherwise a URL.
        revision: full commit; empty where the address is no repository, or where none is known.
        inside: part of the path of the wanted files inside an archive.
        accepted: whether ``fetch`` uses it; ``note`` says why not.
        note: what differs from the original.
    """

    address: str
    revision: str = ""
    inside: str = ""
    accepted: bool = True
    note: str = ""


@dataclass(frozen=True)
class Archive:
    """One file that ``fetch`` downloads.

    Attributes:
        url: where it is.
        path: its place below the download folder, which is where torchvision looks for it.
        md5: as published by torchvision; empty where nobody publishes one.
    """

    url: str
    path: str
    md5: str = ""


@dataclass(frozen=True, kw_only=True)
class DownloadedEntry(DatasetEntry):
    """A registry row with all that ``fetch``, ``check`` and the loaders need.

    Attributes:
        folder: place below the root folder, in the layout of torchvision where it has one.
        layouts: paths below ``folder``; the set is there when all of one layout exist.
        folders: the set's own class names (folders, synsets) in the order of ``classes``; empty where it has none.
        name_count: candidate names, the columns of the zero-shot classifier; None where only the files tell.
        word_count: different words written on the photographs; None for sets without.
        count_tolerance: share by which the size of a split may differ, where no exact number is published.
        counts_verified, licence_verified: whether the figures were read at the source; unverified ones say so.
        route: how ``fetch`` gets it.
        torchvision_class: the class that unpacks it.
        archives: what is downloaded for torchvision.
        mirrors: other places, in the order in which ``fetch`` tries them.
        place_by_hand: what to place where, for a manual set.
        content_sha256: of all images, see ``content_fingerprint``; empty where the images were never at hand.
        split_file: a split list outside the folder.
        split_md5: its published checksum.
        released_split: the split that the released code scores.
        released_cap: the number of images to which the released code cuts it; None for all.
        released_train_fraction: share of the training split that the released code trains on.
        notes: traps.
    """

    folder: str
    layouts: tuple[tuple[str, ...], ...]
    folders: tuple[str, ...] = ()
    name_count: int | None = None
    word_count: int | None = None
    count_tolerance: Mapping[str, float] = field(default_factory=dict)
    counts_verified: bool = False
    licence_verified: bool = False
    route: Route = "manual"
    torchvision_class: str = ""
    archives: tuple[Archive, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    place_by_hand: str = ""
    content_sha256: str = ""
    split_file: str = ""
    split_md5: str = ""
    released_split: str = "test"
    released_cap: int | None = None
    released_train_fraction: float = 0.8
    notes: tuple[str, ...] = ()

    @property
    def image_count(self) -> int:
        """All published images."""
        return sum(count or 0 for count in self.splits.values())

    def path_in(self, root: str | Path) -> Path:
        """The set's folder."""
        return Path(root) / self.folder

    def state(self, root: str | Path) -> Literal["present", "fetchable", "manual"]:
        """Whether the files are in ``root``, and if not, how they get there."""
        folder = self.path_in(root)
        if any(all((folder / path).exists() for path in layout) for layout in self.layouts):
            return "present"
        return "manual" if self.route == "manual" else "fetchable"

    def remedy(self, root: str | Path) -> str:
        """The end of an error message about missing or damaged files."""
        command = f"prefclip datasets fetch {self.name} --root {root}"
        if self.route == "manual":
            return f"`{command}` says what to place where"
        return f"remove {self.path_in(root)} and run `{command}`"
