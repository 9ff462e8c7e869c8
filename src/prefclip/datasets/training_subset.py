"""Which training images a smaller training set holds."""

from collections.abc import Iterable

from prefclip.seeds import seed_for


def training_subset(ids: Iterable[str], dataset: str, count: int | None) -> list[str]:
    """Return ``count`` images, or all for None; drawn by their ids, so that a choice lies inside every larger one."""
    return sorted(set(ids), key=lambda image: seed_for(dataset, image, "training subset"))[:count]
