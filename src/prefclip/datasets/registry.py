"""Every data set by name. A card is read when it is asked for; walking through a mapping reads them all."""

from collections.abc import Iterator, Mapping

from prefclip.datasets.card import Card, dataset_card
from prefclip.datasets.card_files import dataset_names
from prefclip.errors import PrefclipError


class NotDownloadedError(PrefclipError):
    """No data set of this name is downloaded or placed by hand."""


class _Cards(Mapping[str, Card]):
    """The cards that ship with the repository, or those of some ways to obtain them."""

    def __init__(self, *obtained: str) -> None:
        self._obtained = obtained

    def __getitem__(self, name: str) -> Card:
        if name in dataset_names() and self._holds(card := dataset_card(name)):
            return card
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in dataset_names() if self._holds(dataset_card(name)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _holds(self, card: Card) -> bool:
        return not self._obtained or card.obtained in self._obtained


DATASETS: Mapping[str, Card] = _Cards()
EMBEDDED_DATASETS: Mapping[str, Card] = _Cards("shipped")
DOWNLOADED_DATASETS: Mapping[str, Card] = _Cards("fetched", "manual")


def downloaded_card(name: str) -> Card:
    """Return the card of a set that is downloaded or placed by hand. Raises NotDownloadedError, which lists them."""
    if name not in DOWNLOADED_DATASETS:
        raise NotDownloadedError(
            f"unknown data set {name!r}; allowed: {', '.join(DOWNLOADED_DATASETS)} "
            "(the sets of the embedded world ship with the repository)."
        )
    return DOWNLOADED_DATASETS[name]
