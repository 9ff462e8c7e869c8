"""How tables, figures and pages call what they show: data of cards and losses, so part of the steps' settings."""

from typing import Any

from prefclip.config import Config
from prefclip.datasets.card_files import word_removed
from prefclip.reporting.labels import dataset_label, method_colour, method_label


def shown_names(config: Config) -> dict[str, Any]:
    """Return labels and colours of the methods, titles of the data sets, and which photographs are clean twins."""
    return {
        # Lists, for the order shows too.
        "labels": [[name, method_label(name), method_colour(name)] for name in config.methods],
        "titles": [[name, dataset_label(name)] for name in config.datasets],
        "clean twins": [name for name in config.data.real if word_removed(name)],
    }
