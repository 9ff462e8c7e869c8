"""The raw files of one downloaded data set for a run: fetched if they can be, checked, and fingerprinted."""

from collections.abc import Mapping
from pathlib import Path

from prefclip.datasets.card import Card
from prefclip.datasets.check import content_fingerprint
from prefclip.datasets.families import reader_of
from prefclip.datasets.fetch import fetch_dataset
from prefclip.datasets.listings import list_images
from prefclip.datasets.registry import downloaded_card
from prefclip.datasets.stand_in_marker import is_stand_in
from prefclip.errors import PrefclipError
from prefclip.files import write_json


class NotThereError(PrefclipError):
    """A data set is not there, and the run is one that fetches nothing."""


def obtain_dataset(
    name: str, root: str | Path, out: str | Path, own: Mapping[str, Card] | None = None, fetch: bool = True
) -> None:
    """Fetch a data set unless it is there or the user's ``own``, check it, and write what was found to ``out`` (JSON).

    Raises PlaceByHandError saying what to place where, NotThereError without ``fetch``, or another PrefclipError naming
    what is wrong.
    """
    card = own[name] if own and name in own else downloaded_card(name)
    if card.route != "own":
        if not fetch and card.state(root) != "present":
            raise NotThereError(
                f"{card.path_in(root)}: {card.title} is not there, and a run with reading.max_images fetches nothing; "
                f"`prefclip datasets stand-in --root {root}` lays out stand-ins, or set data.root to the folder of the "
                "data."
            )
        fetch_dataset(card, root)
    records = list_images(card, root, reader_of(card).read).records
    found = {"dataset": name, "source": card.source, "licence": card.licence, "images": len(records)}
    found |= {"classes": int(records["label"].nunique())}
    found |= {"sha256": content_fingerprint(card.path_in(root), records["path"])}
    write_json(out, found | ({"stand_in": True} if is_stand_in(card.path_in(root)) else {}))
