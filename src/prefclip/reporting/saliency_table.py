"""The table of saliency: how much of what speaks for a name lies on the written word."""

import pandas as pd

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import TYPOGRAPHIC
from prefclip.evaluation.saliency.score_table import TITLES, read_scores
from prefclip.evaluation.saliency.share_estimates import (
    AREA,
    DIFFERENCE,
    POINTING,
    SHARE,
    VALUE,
    metric_name,
    share_estimates,
)
from prefclip.reporting.estimates import frame_of
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.table_files import Row, Table, estimated_cell
from prefclip.run.files import RunFiles

TARGETS = {"predicted": "own answer", "written": "written word", "true": "true name"}
SHOWN = {SHARE: "on the word", POINTING: "points at it"}
TIDY = ["method", "weights", "kind", "dataset", "images", "metric", "value", "ci_low", "ci_high", "n", "seeds"]


def read_share_estimates(config: Config, layout: RunFiles) -> pd.DataFrame:
    """What the scores of all methods of a run say, as `share_estimates` gives it. Raises TableError, SaliencyError."""
    paths = [layout.saliency(config.model.key, method) for method in method_names(config)]
    return share_estimates(pd.concat(map(read_scores, paths), ignore_index=True), config.evaluation)


def saliency_table(config: Config, layout: RunFiles) -> Table:
    """Share of positive saliency on the drawn word and pointing game: methods and names × explainers."""
    found = read_share_estimates(config, layout)
    shown = found[found["measure"].isin(list(SHOWN))]
    explainers = [name for name in TITLES if (shown["explainer"] == name).any()]
    columns = [(explainer, measure) for explainer in explainers for measure in SHOWN]
    numbers = shown.set_index(["target", "method", "kind", "explainer", "measure"])
    lines = [
        (target, method, kind)
        for target in TARGETS
        for method in method_names(config)
        for kind in (VALUE, DIFFERENCE)
        if (target, method, kind) in numbers.index.droplevel(["explainer", "measure"])
    ]
    tidy, rows = [], []
    for target, method, kind in lines:
        cells = []
        for explainer, measure in columns:
            key = (target, method, kind, explainer, measure)
            if key not in numbers.index:
                cells.append("")
                continue
            number = numbers.loc[key]
            name = metric_name(explainer, target, measure)
            tidy.append({**number, "method": method, "kind": kind, "images": TYPOGRAPHIC, "metric": name})
            cells.append(estimated_cell(*number[["value", "ci_low", "ci_high"]], signed=kind == DIFFERENCE))
        label = "Δ to CLIP" if kind == DIFFERENCE else f"{method_label(method)}, {TARGETS[target]}"
        first = method == method_names(config)[0]
        rows.append(Row(label, cells, quiet=kind == DIFFERENCE, rule_above=first))
    header = [(_capital(TITLES[explainer]), SHOWN[measure]) for explainer, measure in columns]
    area = found.loc[found["measure"] == AREA, "value"].mean()
    return Table(_caption(config, found, area), frame_of(tidy)[TIDY], header, rows, "Method, name that is explained")


def _caption(config: Config, found: pd.DataFrame, area: float) -> str:
    level, images = f"{100 * config.evaluation.confidence:g} %", found["n"].max()
    return (
        f"Where models look on {images} typographic images of {dataset_label(found['dataset'].iloc[0])}: share of the "
        "positive saliency inside the box of the drawn word (on the word), and how often the most salient pixel lies "
        f"inside it (points at it), in %. The box covers {100 * area:.1f} % of the image, which a map without "
        "preferences would score. Maps explain the model's own answer, the written word or the true name. Averaged "
        f"weights where a method averages; mean over seeds, ± half-width of the {level} interval (bootstrap over "
        "images, spread over seeds). Δ: paired difference to CLIP on the same images, in points."
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
