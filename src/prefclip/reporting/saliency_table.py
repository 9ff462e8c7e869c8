"""The table of saliency: how much of what speaks for a name lies on the written word."""

from itertools import product

import pandas as pd

from prefclip.config import Config, method_names
from prefclip.evaluation.intervals import Estimate
from prefclip.evaluation.metrics import TYPOGRAPHIC
from prefclip.explain.saliency.score_table import TITLES, read_scores, spoken_title
from prefclip.explain.saliency.share_estimates import AREA, POINTING, REFERENCE, SHARE, share_estimates
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.leaf_inputs import saliency_scores
from prefclip.reporting.traced import Numbers, Origin, below_run, mean_of
from prefclip.run.files import RunFiles
from prefclip.table import DIFFERENCE, VALUE, Row, Source, Table

TARGETS = {"predicted": "own answer", "written": "written word", "true": "true name"}
SHOWN = {SHARE: "on the word", POINTING: "points at it"}


def read_share_estimates(config: Config, layout: RunFiles) -> pd.DataFrame:
    """What the scores of all methods of a run say, as `share_estimates` gives it. Raises TableError, SaliencyError."""
    scores = pd.concat(map(read_scores, saliency_scores(config, layout)), ignore_index=True)
    return share_estimates(scores, config.evaluation)


def saliency_table(config: Config, layout: RunFiles, name: str) -> Table:
    """Share of positive saliency on the drawn word and pointing game: methods and names × explainers.

    Raises TableError, SaliencyError.
    """
    found = read_share_estimates(config, layout)
    shown = found[found["measure"].isin(list(SHOWN))]
    explainers = [explainer for explainer in TITLES if (shown["explainer"] == explainer).any()]
    columns = [(explainer, measure) for explainer in explainers for measure in SHOWN]
    measured = {
        (each["target"], each["method"], each["kind"], each["explainer"], each["measure"]): each
        for each in shown.to_dict("records")
    }
    numbers, rows = Numbers(), []
    for target, method, kind in product(TARGETS, method_names(config), (VALUE, DIFFERENCE)):
        cells = [
            _add(numbers, config, layout, measured[target, method, kind, *column])
            if (target, method, kind, *column) in measured
            else ""
            for column in columns
        ]
        if any(cell != "" for cell in cells):
            label = "Δ to CLIP" if kind == DIFFERENCE else f"{method_label(method)}, {TARGETS[target]}"
            first = method == method_names(config)[0]
            rows.append(Row(label=label, cells=cells, quiet=kind == DIFFERENCE, rule_above=first))
    header = [(spoken_title(explainer), SHOWN[measure]) for explainer, measure in columns]
    return numbers.table(name, _caption(config, found), header, rows, "Method, name that is explained")


def _add(numbers: Numbers, config: Config, layout: RunFiles, found: dict) -> int:
    keys = {key: found[key] for key in ("method", "weights", "kind", "dataset")}
    keys |= {"images": TYPOGRAPHIC, "metric": f"{found['explainer']}.{found['target']}.{found['measure']}"}
    origin = _origin(config, layout, found, found["method"])
    signed = found["kind"] == DIFFERENCE
    if signed:
        origin -= _origin(config, layout, found, REFERENCE)
    estimate = Estimate(found["value"], found["ci_low"], found["ci_high"])
    return numbers.add(keys, estimate, origin, n=found["n"], seeds=found["seeds"], signed=signed)


def _origin(config: Config, layout: RunFiles, found: dict, method: str) -> Origin:
    source = Source(
        file=below_run(layout, layout.saliency(config.model.key, method)),
        where={key: found[key] for key in ("dataset", "explainer", "target")},
        without={"id": list(found["left_out"])} if found["left_out"] else {},
    )
    return mean_of(found["measure"], f"{found['measure']} of {method}, mean over images and seeds", source)


def _caption(config: Config, found: pd.DataFrame) -> str:
    area = found.loc[found["measure"] == AREA, "value"].mean()
    level, images = f"{100 * config.evaluation.confidence:g} %", found["n"].max()
    return (
        f"Where models look on {images} typographic images of {dataset_label(found['dataset'].iloc[0])}: share of the "
        "positive saliency inside the box of the drawn word (on the word), and how often the most salient pixel lies "
        f"inside it (points at it), in %. The box covers {100 * area:.1f} % of the image, which a map without "
        "preferences would score. Maps explain the model's own answer, the written word or the true name. Averaged "
        f"weights where a method averages; mean over seeds, ± half-width of the {level} interval (bootstrap over "
        "images, each of another drawing, spread over seeds). Δ: paired difference to CLIP on the same images, in "
        "points."
    )
