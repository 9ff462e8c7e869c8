"""How methods, weights and data sets are called in tables and figures."""

from prefclip import methods, objectives
from prefclip.config import ZERO_SHOT_MEAN, Config
from prefclip.datasets.card_files import dataset_title

SHORT_LABELS = {"travel": "Travel"}

SETTING_LABELS = {
    "beta": "β",
    "alpha": "α",
    "regulariser_weight": "λ",
    "max_train_images": "training images",
    "words": "words per image",
    "learning_rate": "learning rate",
    "batch_size": "batch",
    "reference_point": "reference point",
}


def setting_label(key: str, value: object) -> str:
    """``β = 0.05``, ``averaging on``, ``5 words per image``."""
    name = SETTING_LABELS.get(key, key)
    if isinstance(value, bool):
        return f"{name} {'on' if value else 'off'}"
    if key == "words" and value == 1:
        return "1 word per image"
    if key in ("max_train_images", "words"):
        return f"{value:,.0f} {name}"
    return f"{name} {value}" if isinstance(value, str) or key == "seed" else f"{name} = {value:g}"


def method_label(method: str) -> str:
    """``ce_kl`` → ``CE + KL``, as the loss or kind of that name says; a method that has none of its name keeps it."""
    if method == "clip":
        return methods.kind_of(methods.UNTOUCHED).label
    if method in objectives.names():
        return objectives.settings_of(method).label
    return methods.kind_of(method).label if method in methods.names() else method


def method_colour(method: str) -> str | None:
    """The key of its style in figures, as the loss of that name says; None for a method that has none of its name."""
    if method == "clip":
        return "grey"
    return objectives.settings_of(method).colour if method in objectives.names() else None


def dataset_label(dataset: str) -> str:
    """The title on the card of a data set, or "Zero-shot mean"."""
    if dataset == ZERO_SHOT_MEAN:
        return "Zero-shot mean"
    return SHORT_LABELS.get(dataset) or dataset_title(dataset)


def scopes_of(config: Config) -> dict[str, tuple[str, ...]]:
    """The training set, and the mean of the zero-shot sets where there are any, each with its data sets."""
    zero_shot = tuple(config.data.zero_shot)
    return {config.data.train: (config.data.train,), **({ZERO_SHOT_MEAN: zero_shot} if zero_shot else {})}


def column_groups(config: Config) -> dict[str, tuple[str, ...]]:
    """Columns of a table in order, each with the data sets it is the mean of: training set, mean of the zero-shot
    sets, each of them, gender sets.
    """
    single = (*config.data.zero_shot, *config.data.bias)
    return scopes_of(config) | {name: (name,) for name in single}
