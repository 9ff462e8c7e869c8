"""The table of reading: clean, ink and word under every condition of an attack, and what is won back of either.

Accuracies of one model on clean images O, under unreadable ink I and under a word T. Of what a word costs, O − T, the
part I − T is reading and the rest is ink.
"""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, INK, METRICS, TYPOGRAPHIC, under
from prefclip.reporting.estimates import REFERENCE, Estimates, headline_weights, read_estimates
from prefclip.reporting.labels import dataset_label, method_label, scopes_of
from prefclip.reporting.traced import Numbers, Traced
from prefclip.run.files import RunFiles
from prefclip.table import Row, Table

CONDITION_LABELS = {
    "painted": "painted",
    "painted_held_out": "painted, held-out fonts and colours",
    "slip": "on a slip of paper",
    "slip_held_out": "on a slip of paper, held-out fonts and colours",
}
UNBOUNDED = (-np.inf, np.inf)
HEADINGS = {
    "clean": "clean",
    "ink": "ink",
    "typographic": "attacked",
    "reading_share": "reading share",
    "recovered_share": "won back",
    "recovered_reading": "won back of reading",
}


def recovered_share(tuned: Traced, untouched: Traced, clean: Traced) -> Traced:
    """(T_method - T_clip) / (O_clip - T_clip): how much of CLIP's loss under attack a method wins back; 1 is all of it.

    Accuracies, those of CLIP with S = 1. NaN where CLIP loses nothing.
    """
    return (tuned - untouched) / (clean - untouched)


def reading_share(clean: Traced, ink: Traced, word: Traced) -> Traced:
    """(I - T) / (O - T): how much of what is lost under a word is lost because it can be read; 0 is none, 1 all of it.

    Accuracies of one model on clean images, under unreadable ink and under the word; NaN where nothing is lost. Below
    0 where ink costs more than the word does.
    """
    return (ink - word) / (clean - word)


def recovered_reading(ink: Traced, word: Traced, untouched_ink: Traced, untouched_word: Traced) -> Traced:
    """1 - (I - T)_method / (I - T)_clip: how much of what reading costs a method wins back; 1 is all of it.

    Accuracies under unreadable ink and under the word; NaN where reading costs CLIP nothing. Negative where a method
    reads more than CLIP, above 1 where the word helps it more than ink does.
    """
    return 1 - (ink - word) / (untouched_ink - untouched_word)


def reading_table(config: Config, layout: RunFiles, name: str) -> Table:
    """A block for each condition of an attack and each scope, with a row for each method.

    Raises TableError, EstimateError.
    """
    scopes, numbers, rows = scopes_of(config), Numbers(), []
    estimates = read_estimates(config, layout, datasets=config.object_datasets)
    for condition, scope in product(config.attack.conditions, scopes):
        title = f"{dataset_label(scope)}, {CONDITION_LABELS[condition]}"
        rows.append(Row(label=title, cells=[""] * len(HEADINGS), rule_above=True))
        kinds = {CLEAN: CLEAN, INK: under(INK, condition), TYPOGRAPHIC: under(TYPOGRAPHIC, condition)}
        for method in method_names(config):
            weights, cells = headline_weights(config, method), []
            for heading, traced in _measured(estimates, config, method, scopes[scope], kinds).items():
                images, metric = kinds.get(heading, ""), "accuracy" if heading in kinds else heading
                keys = {"method": method, "weights": weights, "condition": condition, "dataset": scope}
                keys |= {"images": images, "metric": metric}
                found = estimates.estimate(traced.samples, METRICS[metric].bounds if metric in METRICS else UNBOUNDED)
                n = estimates.count(scopes[scope], images or kinds[TYPOGRAPHIC])
                cells.append(numbers.add(keys, found, traced.origin, n=n, seeds=len(traced.samples)))
            rows.append(Row(label=method_label(method), cells=[*cells, *[""] * (len(HEADINGS) - len(cells))]))
    header = [("", heading) for heading in HEADINGS.values()]
    return numbers.table(name, _caption(config), header, rows, "Method")


def _measured(
    estimates: Estimates, config: Config, method: str, sets: Sequence[str], kinds: Mapping[str, str]
) -> dict[str, Traced]:
    """What stands in a row, by heading; CLIP wins nothing back."""
    own, clip = (
        {kind: estimates.traced(each, headline_weights(config, each), sets, images) for kind, images in kinds.items()}
        for each in (method, REFERENCE)
    )
    found = own | {"reading_share": reading_share(own[CLEAN], own[INK], own[TYPOGRAPHIC])}
    if method != REFERENCE:
        found["recovered_share"] = recovered_share(own[TYPOGRAPHIC], clip[TYPOGRAPHIC], clip[CLEAN])
        found["recovered_reading"] = recovered_reading(own[INK], own[TYPOGRAPHIC], clip[INK], clip[TYPOGRAPHIC])
    return found


def _caption(config: Config) -> str:
    return (
        "What a word costs because it can be read. Accuracy (%) on clean images, under the same ink unreadable (of "
        "kinds that nothing was trained on), and attacked by a word. Reading share: (ink − attacked) / (clean − "
        "attacked). Won back: attacked accuracy above CLIP's, as a share of CLIP's (clean − attacked); won back of "
        "reading: 1 − (ink − attacked) / CLIP's (ink − attacked). In %, ± half-width of the "
        f"{100 * config.evaluation.confidence:g} % interval: bootstrap over drawings, spread over seeds."
    )
