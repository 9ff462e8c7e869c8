"""Which images of a downloaded data set a run reads, and how: the disputed choices of the two protocols.

The paper's protocol scores every image of the official test split. The released code scores other splits, drops a
random 1 % of them and cuts the large ones to 5,120 images; it also cuts its training, test and validation images out of
one official split. Its random draws cannot be repeated (they depend on the order of a directory), so the images drawn
here differ from the authors', in the same numbers.
"""

import pandas as pd

from prefclip.config.pictures import ReadingConfig
from prefclip.datasets.card import Card, Role
from prefclip.errors import PrefclipError
from prefclip.seeds import seed_for

RELEASED_TEST_CAP = 2048
RELEASED_VALIDATION_CAP = 5120


class ReadingChoiceError(PrefclipError):
    """A choice does not fit the data set."""


def choose_records(card: Card, records: pd.DataFrame, role: Role, choices: ReadingConfig) -> pd.DataFrame:
    """Keep the images that a run reads and name their splits train, validation and test.

    ``records`` has the columns path and split, as listed by its reader. A ``train`` set keeps its training images and a
    test split; any other keeps one split, as ``test``. The kept records stay in their old order; which ones are drawn
    depends on each image's path and the split seed, never on the order or number of the others that were found.

    Raises ReadingChoiceError when a training set has no training images, or fewer than are asked for validation.
    """
    chosen = (_training_splits if role == "train" else _test_split)(card, records, choices)
    return chosen if choices.max_images is None else _few(card, chosen, choices)


def _training_splits(card: Card, records: pd.DataFrame, choices: ReadingConfig) -> pd.DataFrame:
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


def _one_split_cut_in_three(card: Card, train: pd.DataFrame, choices: ReadingConfig) -> pd.DataFrame:
    # The authors draw validation images from the whole rest, so theirs overlap with the test images.
    trained = _first(card, train, choices, "train", int(card.released_train_fraction * len(train)))
    rest = train.drop(trained.index)
    test = _first(card, rest, choices, "test", RELEASED_TEST_CAP if choices.capped else len(rest) // 2)
    rest = rest.drop(test.index)
    validation = _first(card, rest, choices, "validation", RELEASED_VALIDATION_CAP if choices.capped else len(rest))
    parts = {"train": trained, "test": test, "validation": validation}
    return pd.concat([part.assign(split=split) for split, part in parts.items()]).sort_index()


def _test_split(card: Card, records: pd.DataFrame, choices: ReadingConfig) -> pd.DataFrame:
    split = card.released_split if choices.splits == "released" else "test"
    chosen = records[records["split"] == split].assign(split="test")
    chosen = _first(card, chosen, choices, "drop", len(chosen) - int(choices.drop * len(chosen)))
    if choices.capped and card.released_cap is not None:
        chosen = _first(card, chosen, choices, "released-cap", card.released_cap)
    return chosen


def _few(card: Card, records: pd.DataFrame, choices: ReadingConfig) -> pd.DataFrame:
    """At most ``max_images`` of each split: one of each class (of each gender in it), then a second.

    Classes come in an order that their own seeds decide, the same in each split, their kinds (occupations, activities)
    in turn; images of a class in that of theirs.
    """
    told = [key for key in ("kind", "gender") if key in records]
    classes = {label: seed_for(card.name, label, "few", choices.split_seed) for label in records["label"].unique()}
    drawn = records.assign(
        image=[seed_for(card.name, path, "few", choices.split_seed) for path in records["path"]],
        label_seed=records["label"].map(classes),
    ).sort_values(["label_seed", "image"])
    first = drawn.drop_duplicates("label")
    kinds = first["kind"] if "kind" in told else [""] * len(first)
    turn = drawn["label"].map(dict(zip(first["label"], first.groupby(kinds).cumcount(), strict=True)))
    again = drawn.groupby(["split", "label", *told]).cumcount()
    kept = drawn.assign(again=again, turn=turn).sort_values(["again", "turn", "label_seed", "image"])
    return records.loc[kept.groupby("split").head(choices.max_images).index.sort_values()]


def _first(card: Card, records: pd.DataFrame, choices: ReadingConfig, purpose: str, count: int) -> pd.DataFrame:
    """The first ``count`` images in a random order that each image's own seed decides."""
    if count >= len(records):
        return records
    order = [seed_for(card.name, path, purpose, choices.split_seed) for path in records["path"]]
    return records.iloc[pd.Series(order).argsort(kind="stable").to_numpy()[:count]].sort_index()
