"""Which images of a downloaded data set a run reads, and how: the disputed choices of the two protocols.

The paper's protocol scores every image of the official test split. The released code scores other splits, drops a
random 1 % of them and cuts the large ones to 5,120 images; it also cuts its training, test and validation images out of
one official split. Its random draws cannot be repeated (they depend on the order of a directory), so the images drawn
here differ from the authors', in the same numbers.
"""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from prefclip.datasets.card import Card, Role
from prefclip.datasets.photographs import Colours
from prefclip.errors import PrefclipError
from prefclip.seeds import seed_for

RELEASED_TEST_CAP = 2048
RELEASED_VALIDATION_CAP = 5120


class ReadingChoiceError(PrefclipError):
    """A choice does not fit the data set."""


@dataclass(frozen=True)
class ReadingChoices:
    """How the images of a data set are chosen and decoded.

    Attributes:
        size: side of the decoded images, pixels.
        bottleneck: side to which images are reduced first (released code: 168); None for none.
        colours: ``srgb`` converts colour profiles, ``as_stored`` ignores them as the published pipelines do.
        splits: ``official`` test splits, or those that the ``released`` code scores.
        drop: share of a test split that is left out at random (released code: 0.01).
        capped: whether the released code's caps apply.
        validation_images: images moved from the training split to a validation split, for sets that have none.
        max_images: a further cap for each split; None for all images.
        split_seed: another seed draws other images wherever some are drawn.
    """

    size: int
    bottleneck: int | None = None
    colours: Colours = "srgb"
    splits: Literal["official", "released"] = "official"
    drop: float = 0.0
    capped: bool = False
    validation_images: int = 0
    max_images: int | None = None
    split_seed: int = 0


def choose_records(card: Card, records: pd.DataFrame, role: Role, choices: ReadingChoices) -> pd.DataFrame:
    """Keep the images that a run reads and name their splits train, validation and test.

    Args:
        card: the data set.
        records: columns path and split, as listed by its reader.
        role: a ``train`` set keeps its training images and a test split; any other keeps one split, as ``test``.
        choices: see :class:`ReadingChoices`.

    Returns:
        The kept records in their old order. Which ones are drawn depends on each image's path and the split seed,
        never on the order or number of the others that were found.

    Raises ReadingChoiceError when a training set has no training images, or fewer than are asked for validation.
    """
    if role == "train":
        chosen = _training_splits(card, records, choices)
    else:
        chosen = _test_split(card, records, choices)
    if choices.max_images is not None:
        kept = [_first(card, part, choices, "cap", choices.max_images) for _, part in chosen.groupby("split")]
        chosen = pd.concat(kept).sort_index()
    return chosen


def _training_splits(card: Card, records: pd.DataFrame, choices: ReadingChoices) -> pd.DataFrame:
    train = records[records["split"] == "train"]
    if not len(train):
        raise ReadingChoiceError(
            f"data.train: {card.name} has no training split; choose one that has, such as imagenet100 or food101."
        )
    if choices.splits == "released":
        return _one_split_cut_in_three(card, train, choices)
    if "validation" in set(records["split"]) or not choices.validation_images:
        return records
    if choices.validation_images >= len(train):
        raise ReadingChoiceError(
            f"validation_images: {choices.validation_images} asked, but {card.name} has {len(train)} training images."
        )
    held_out = _first(card, train, choices, "validation", choices.validation_images)
    return records.assign(split=records["split"].mask(records.index.isin(held_out.index), "validation"))


def _one_split_cut_in_three(card: Card, train: pd.DataFrame, choices: ReadingChoices) -> pd.DataFrame:
    # The authors draw validation images from the whole rest, so theirs overlap with the test images.
    trained = _first(card, train, choices, "train", int(card.released_train_fraction * len(train)))
    rest = train.drop(trained.index)
    test = _first(card, rest, choices, "test", RELEASED_TEST_CAP if choices.capped else len(rest) // 2)
    rest = rest.drop(test.index)
    validation = _first(card, rest, choices, "validation", RELEASED_VALIDATION_CAP if choices.capped else len(rest))
    parts = {"train": trained, "test": test, "validation": validation}
    return pd.concat([part.assign(split=split) for split, part in parts.items()]).sort_index()


def _test_split(card: Card, records: pd.DataFrame, choices: ReadingChoices) -> pd.DataFrame:
    split = card.released_split if choices.splits == "released" else "test"
    chosen = records[records["split"] == split].assign(split="test")
    chosen = _first(card, chosen, choices, "drop", len(chosen) - int(choices.drop * len(chosen)))
    if choices.capped and card.released_cap is not None:
        chosen = _first(card, chosen, choices, "released-cap", card.released_cap)
    return chosen


def _first(card: Card, records: pd.DataFrame, choices: ReadingChoices, purpose: str, count: int) -> pd.DataFrame:
    """The first ``count`` images in a random order that each image's own seed decides."""
    if count >= len(records):
        return records
    order = [seed_for(card.name, path, purpose, choices.split_seed) for path in records["path"]]
    return records.iloc[pd.Series(order).argsort(kind="stable").to_numpy()[:count]].sort_index()
