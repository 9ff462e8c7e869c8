"""The headline numbers of a run as one small JSON file, for tools that compare runs."""

from pathlib import Path

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC
from prefclip.files import write_json
from prefclip.reporting.estimates import headline_weights
from prefclip.reporting.labels import scopes_of
from prefclip.reporting.traced import rounded
from prefclip.table import VALUE, read_table


def summarise(config: Config, table: str | Path, output: str | Path) -> None:
    """Write ``{method: {data set: {"clean": a, "ink": b, "typographic": c}}}``, accuracies in 0–1, to ``output``.

    Methods stand with the weights that the tables put first. The data sets are the training set and the mean over the
    zero-shot sets; ``table`` is the stored table ``typographic``.

    Raises TableFileError for a table that lacks one of these numbers.
    """
    typographic = read_table(table)
    scopes = scopes_of(config)
    found: dict[str, dict] = {}
    for method in method_names(config):
        own = {"method": method, "weights": headline_weights(config, method), "kind": VALUE}
        for scope in scopes:
            kinds = (CLEAN, INK, TYPOGRAPHIC)
            numbers = {each: typographic.number(**own, dataset=scope, images=each) for each in kinds}
            found.setdefault(method, {})[scope] = {each: rounded(number.value) for each, number in numbers.items()}
    write_json(output, found)
