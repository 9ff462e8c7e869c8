"""The reader of a data set, found by the family that its card names."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from prefclip.datasets.card import Card
from prefclip.datasets.card_files import CardError

READERS = "prefclip.datasets.readers"


def reader_of(card: Card) -> ModuleType:
    """Import the family that a card names, and no other. Raises CardError, which lists the families."""
    allowed = families()
    if card.family not in allowed:
        raise CardError(f"data set {card.name}: unknown family {card.family!r}; allowed: {', '.join(allowed)}.")
    return import_module(f"{READERS}.{card.family}")


def families() -> list[str]:
    """Return the families that there are, sorted."""
    return sorted(path.stem for path in (Path(__file__).parent / "readers").glob("[!_]*.py"))
