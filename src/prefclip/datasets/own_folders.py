"""Data sets of one's own, which a configuration alone describes: folders of class folders."""

import hashlib
import os
from pathlib import Path

from prefclip.config import Config
from prefclip.datasets.card import Card, own_card
from prefclip.datasets.card_files import CardError
from prefclip.files import sha256_of


def own_cards(config: Config) -> dict[str, Card]:
    """Return the cards of a configuration's own sets, by name; their folders start at the working folder."""
    return {
        name: own_card(name, os.path.expanduser(os.path.expandvars(entry.folder)), entry.template)
        for name, entry in config.data.own.items()
    }


def check_own_folders(config: Config) -> None:
    """Raise CardError for an own set whose folder is not there."""
    for name, card in own_cards(config).items():
        if not os.path.isdir(card.folder):
            raise CardError(f"data.own.{name}.folder: {card.folder} is no folder; {card.remedy('')}.")


def listed_sha256(config: Config, name: str) -> str:
    """Return one sha256 of the names and contents of all files of an own set, so that any change is noticed."""
    folder = Path(own_cards(config)[name].folder)
    found = [(path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()]
    return hashlib.sha256(repr([(name, sha256_of(path)) for name, path in sorted(found)]).encode()).hexdigest()
