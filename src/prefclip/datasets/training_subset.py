"""Which training images a smaller training set holds."""

from collections.abc import Iterable

from prefclip.seeds import seed_for


def training_subset(ids: Iterable[str], dataset: str, count: int | None) -> list[str]:
    """Return ``count`` of the images, each once; all of them for None, or where there are no more.

    They are drawn by the image's id, so that the choice depends on no order and lies inside every larger one.
    """
    return sorted(set(ids), key=lambda image: seed_for(dataset, image, "training subset"))[:count]
