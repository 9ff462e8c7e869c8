"""Is the untouched CLIP as good as published? If not, images, labels or prompts are wrong, and training is in vain."""

from pathlib import Path

import pandas as pd

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.metrics import CLEAN
from prefclip.files import write_json
from prefclip.run.plan import clip_is_comparable

TOLERANCE = 0.03
# As in open_clip's table, which takes over the sets' own custom.
MEAN_OVER_CLASSES = ("caltech101", "oxford_pets", "flowers102", "fgvc_aircraft")
# The published figures average several prompts; one prompt and other names alone cost EuroSAT seven points.
PROMPT_SENSITIVE = ("eurosat",)


class ClipCheckError(PrefclipError):
    """The untouched CLIP is not as good as published, so that something on the way to its scores is broken."""


def check_against_published(config: Config, predictions: str | Path, published: str | Path, out: str | Path) -> None:
    """Compare clean accuracies of the untouched model with open_clip's and write the comparison to ``out`` (JSON).

    ``published``: CSV with model, pretrained, dataset, accuracy (%). A set is compared where the table has a row for
    the configuration's model and tag, and where whole test splits are scored at full resolution
    (`run.plan.clip_is_comparable`); the sets that are not compared are written with the verdict ``no counterpart``.

    Raises ClipCheckError for a difference beyond TOLERANCE, naming every such set, both accuracies and what to look at.
    """
    theirs = pd.read_csv(published)
    theirs = theirs[(theirs["model"] == config.model.name) & (theirs["pretrained"] == config.model.weights)]
    wanted = dict(zip(theirs["dataset"], theirs["accuracy"] / 100, strict=True))
    wanted = wanted if clip_is_comparable(config) and config.reading.max_images is None else {}
    rows = read_predictions(predictions)
    found = compare_with_published(rows[rows["images"] == CLEAN], config.datasets, wanted)
    broken = {name: values for name, values in found.items() if values["verdict"] == "broken"}
    if broken:
        raise ClipCheckError(_complaint(config, broken, sum(name in wanted for name in found)))
    write_json(out, {"model": config.model.name, "weights": config.model.weights, "datasets": found})


def compare_with_published(rows: pd.DataFrame, datasets: tuple[str, ...], published: dict[str, float]) -> dict:
    """Per data set: accuracy (0–1), published accuracy or None, difference, and verdict.

    The verdict is ``agrees`` within TOLERANCE, ``broken`` beyond it, ``prompt`` for a set whose accuracy hangs on the
    words of the prompt more than that, ``no counterpart`` without a published number. ``rows``: predictions on clean
    images, with the columns dataset, label and predicted; data sets without any are left out.
    """
    found = {}
    for name in datasets:
        scored = rows[rows["dataset"] == name]
        if scored.empty:
            continue
        right = scored["predicted"].to_numpy() == scored["label"].to_numpy()
        by_class = pd.Series(right).groupby(scored["label"].to_numpy()).mean()
        accuracy = float(by_class.mean() if name in MEAN_OVER_CLASSES else right.mean())
        theirs = published.get(name)
        difference = None if theirs is None else accuracy - theirs
        found[name] = {
            "accuracy": round(accuracy, 6),
            "published": theirs,
            "difference": None if difference is None else round(difference, 6),
            "verdict": _verdict(name, difference),
        }
    return found


def _verdict(dataset: str, difference: float | None) -> str:
    if difference is None:
        return "no counterpart"
    if abs(difference) <= TOLERANCE + 1e-9:
        return "agrees"
    return "prompt" if dataset in PROMPT_SENSITIVE else "broken"


def _complaint(config: Config, broken: dict[str, dict], compared: int) -> str:
    sets = "; ".join(
        f"{name} {100 * values['accuracy']:.1f} % where {100 * values['published']:.1f} % are published"
        for name, values in broken.items()
    )
    if len(broken) == compared:
        where = "every set is off, so look at model.name, model.weights and how images are read (reading.*)"
    else:
        names = " ".join(broken)
        where = (
            f"the other sets are right, so look at the labels and names of these: classes/<name>.json and "
            f"manifests/<name>.parquet of the run, and `prefclip datasets check` for {names}"
        )
    return (
        f"the untouched {config.model.name} ({config.model.weights}) differs from open_clip's table by more than "
        f"{100 * TOLERANCE:g} points, so the data path is broken and nothing is trained: {sets}; {where}."
    )
