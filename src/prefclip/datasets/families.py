"""The reader of a data set, found by the family that its card names."""

from collections.abc import Callable
from types import ModuleType

from prefclip.datasets.card import Card
from prefclip.datasets.card_files import CardError
from prefclip.leaves import leaf_names, read_leaf

READERS = "prefclip.datasets.readers"


def reader_of(card: Card) -> ModuleType:
    """Import the family that a card names, and no other. Raises CardError, which lists the families."""
    allowed = families()
    if card.family not in allowed:
        raise CardError(f"data set {card.name}: unknown family {card.family!r}; allowed: {', '.join(allowed)}.")
    return read_leaf(READERS, card.family, {"image_set": Callable})


def families() -> tuple[str, ...]:
    """Return the families that there are, sorted."""
    return leaf_names(READERS)
