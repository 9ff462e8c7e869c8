"""The further attacked training images that sweeps over the number of words train on; never evaluated."""

from pathlib import Path
from typing import TYPE_CHECKING

from prefclip.attacks.typography import AttackError
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.training_subset import training_subset

if TYPE_CHECKING:
    from prefclip.config import Config


def images_with_further_words(config: "Config", dataset: str, manifest: str | Path) -> tuple[int, list[str]]:
    """Return how many words each clean image gets (one per attacked copy), and the ids of these images.

    They are the training images that some point of a sweep trains on. An image's first attacks are those of the main
    run, for each is drawn from a seed of its own. Raises AttackError where no sweep asks for further words.
    """
    wanted = config.further_words if dataset == config.data.train else None
    if wanted is None:
        raise AttackError(
            f"data set {dataset}: no sweep trains on more than attack.variants attacked images of it; vary words of a "
            "method of the training set in sweeps.grids, or leave --words out."
        )
    words, images = wanted
    rows = read_manifest(manifest)
    return words, training_subset(rows.loc[rows["split"] == "train", "id"], dataset, images)
