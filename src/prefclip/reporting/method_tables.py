"""Tables of methods × data sets: the paper's Table 1 and its companions for text confusion and retention."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, METRICS, TYPOGRAPHIC
from prefclip.reporting.estimates import RAW, REFERENCE, Estimates, frame_of, headline_weights
from prefclip.reporting.labels import column_groups, dataset_label, method_label
from prefclip.reporting.table_files import Cell, Row, Table

IMAGE_LABELS = {CLEAN: "O", TYPOGRAPHIC: "T"}


@dataclass(frozen=True)
class _Line:
    method: str
    weights: str
    kind: str  # value | difference
    headline: bool


def typographic(estimates: Estimates, config: Config) -> Table:
    """Accuracy of every method on clean (O) and typographic (T) images of every data set: the paper's Table 1."""
    return method_table(
        estimates,
        config,
        "accuracy",
        (CLEAN, TYPOGRAPHIC),
        "Zero-shot top-1 accuracy (%) on clean (O) and typographic (T) images.",
    )


def text_confusion(estimates: Estimates, config: Config) -> Table:
    """Share of typographic images called by the written word."""
    return method_table(
        estimates,
        config,
        "text_confusion",
        (TYPOGRAPHIC,),
        "Text confusion: share of typographic images (%) that are called by the written word; lower is better.",
        lowest_is_best=True,
    )


def retention(estimates: Estimates, config: Config) -> Table:
    """Mean KL(reference‖model) per clean image."""
    return method_table(
        estimates,
        config,
        "retention_kl",
        (CLEAN,),
        "Retention: mean KL(reference‖model) per clean image (nats); lower keeps more of CLIP.",
        lowest_is_best=True,
        differences=False,
    )


def method_table(
    estimates: Estimates,
    config: Config,
    metric: str,
    images: Sequence[str],
    title: str,
    *,
    lowest_is_best: bool = False,
    differences: bool = True,
) -> Table:
    """One metric of every method on every data set.

    Rows: each method with the weights that stand for it (averaged, where it averages) and, below it, its paired
    difference to the one CLIP row; then the last iterates of the methods that average. Columns: training set, zero-shot
    sets, their mean, gender sets, each for the kinds of ``images``. The best of the first block is set bold.
    """
    groups = column_groups(config)
    columns = [(name, kind) for name in groups for kind in images]
    percent = METRICS[metric].unit == "share"
    lines = _lines(config, estimates, differences)
    numbers, tidy = {}, []
    for line in lines:
        for name, kind in columns:
            samples = estimates.of(line.method, line.weights, groups[name], kind, metric)
            bounds = METRICS[metric].bounds
            if line.kind == "difference":
                samples = samples - estimates.of(REFERENCE, RAW, groups[name], kind, metric)
                bounds = (-np.inf, np.inf)
            numbers[line, name, kind] = found = estimates.estimate(samples, bounds)
            tidy.append(
                {
                    "method": line.method,
                    "weights": line.weights,
                    "kind": line.kind,
                    "dataset": name,
                    "images": kind,
                    "metric": metric,
                    "value": found.value,
                    "ci_low": found.low,
                    "ci_high": found.high,
                    "n": estimates.count(groups[name], kind),
                    "seeds": len(samples),
                }
            )
    best = _best(numbers, lines, columns, lowest_is_best)
    rows = []
    for line in lines:
        shown = [
            _shown(numbers[line, name, kind], line.kind == "difference", percent, (line, name, kind) in best)
            for name, kind in columns
        ]
        first_iterate = not line.headline and (not rows or lines[len(rows) - 1].headline)
        rows.append(Row(_label(line), shown, line.kind == "difference", line.kind == "value" or first_iterate))
    header = [(dataset_label(name), IMAGE_LABELS[kind] if len(images) > 1 else "") for name, kind in columns]
    return Table(_caption(config, title, differences), frame_of(tidy), header, rows, "Method")


def _lines(config: Config, estimates: Estimates, differences: bool) -> list[_Line]:
    first, second = [], []
    for method in method_names(config):
        chosen = headline_weights(config, method)
        first.append(_Line(method, chosen, "value", True))
        if method != REFERENCE and differences:
            first.append(_Line(method, chosen, "difference", True))
        if chosen != RAW and estimates.has(method, RAW):
            second.append(_Line(method, RAW, "value", False))
            if differences:
                second.append(_Line(method, RAW, "difference", False))
    return first + second


def _label(line: _Line) -> str:
    if line.kind == "difference":
        return "Δ to CLIP"
    return method_label(line.method) + ("" if line.headline else ", last iterate")


def _best(numbers: dict, lines: list[_Line], columns: list, lowest: bool) -> set:
    chosen = [line for line in lines if line.kind == "value" and line.headline]
    if lowest:
        # The untouched model has KL 0 to itself by definition; it does not compete.
        chosen = [line for line in chosen if line.method != REFERENCE] or chosen
    best = set()
    for name, kind in columns:
        values = {line: round(numbers[line, name, kind].value, 6) for line in chosen}
        top = (min if lowest else max)(values.values())
        best |= {(line, name, kind) for line, value in values.items() if value == top}
    return best


def _shown(found, signed: bool, percent: bool, best: bool) -> Cell:
    scale = 100 if percent else 1
    return Cell(scale * found.value, scale * (found.high - found.low) / 2, 1 if percent else 3, signed, best)


def _caption(config: Config, title: str, differences: bool) -> str:
    level = f"{100 * config.evaluation.confidence:g} %"
    count = len(config.seeds)
    seeds = f"mean over {count} seeds" if count > 1 else "one seed"
    paired = " Δ: paired difference to the same CLIP row, in the same unit." if differences else ""
    return (
        f"{title} {seeds.capitalize()}, ± half-width of the {level} interval (bootstrap over images"
        f"{', spread over seeds' if count > 1 else ''}). Methods that average show their averaged weights first; "
        f"bold is the best of the first block.{paired}"
    )
