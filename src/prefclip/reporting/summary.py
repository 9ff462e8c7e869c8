"""The headline numbers of a run as one small JSON file, for tools that compare runs."""

from pathlib import Path

import pandas as pd

from prefclip.config import Config, method_names
from prefclip.errors import PrefclipError
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.files import write_json
from prefclip.reporting.estimates import headline_weights
from prefclip.reporting.labels import ZERO_SHOT_MEAN


class SummaryError(PrefclipError):
    """The table that the summary is taken from lacks something."""


def summarise(config: Config, table: str | Path, output: str | Path) -> None:
    """Write ``{method: {data set: {"clean": a, "typographic": b}}}``, accuracies in 0–1, to ``output``.

    Methods stand with the weights that the tables put first. The data sets are the training set and the mean over the
    zero-shot sets; ``table`` is the tidy table ``typographic``.

    Raises SummaryError for a table that lacks one of these numbers.
    """
    keys = ["method", "weights", "kind", "dataset", "images", "metric"]
    try:
        values = pd.read_csv(table).set_index(keys)["value"]
    except (OSError, ValueError, KeyError) as error:
        raise SummaryError(f"{table}: not a table of this run ({error}); make it again.") from error
    scopes = (config.data.train, ZERO_SHOT_MEAN) if config.data.zero_shot else (config.data.train,)
    found: dict[str, dict] = {}
    for method in method_names(config):
        for scope in scopes:
            for images in (CLEAN, TYPOGRAPHIC):
                cell = (method, headline_weights(config, method), "value", scope, images, "accuracy")
                if cell not in values.index:
                    raise SummaryError(f"{table}: has no row for {', '.join(cell)}; make it again.")
                found.setdefault(method, {}).setdefault(scope, {})[images] = float(values[cell])
    write_json(output, found)
