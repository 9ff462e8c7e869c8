"""What figures of single pictures share: answers of a model, true, written or other, and how they are drawn."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

from prefclip.config import Config
from prefclip.evaluation.long_form import read_predictions
from prefclip.reporting.drawing.style import OTHER_ANSWER, RIGHT_ANSWER, WRITTEN_WORD
from prefclip.reporting.estimates import REFERENCE, EstimateError, headline_weights
from prefclip.run.files import RunFiles

PLACES = ("predicted", "second", "third")
ANSWER_LIMIT = 112  # per cent on an axis of answers, with room for the number behind the longest bar
HATCHES = {WRITTEN_WORD: "////", RIGHT_ANSWER: "", OTHER_ANSWER: ""}
MEANINGS = {RIGHT_ANSWER: "true name", WRITTEN_WORD: "written word", OTHER_ANSWER: "another class"}


def answers_of(config: Config, layout: RunFiles, dataset: str, method: str) -> pd.DataFrame:
    """What a method says of each image of a data set: its first seed, with the weights that stand for it.

    Raises TableError for predictions that are missing or damaged, EstimateError for those without this data set.
    """
    seed = 0 if method == REFERENCE else config.seeds[0]
    weights = headline_weights(config, method)
    path = layout.predictions(config.model.key, method, seed)
    rows = read_predictions(path)
    rows = rows[(rows["dataset"] == dataset) & (rows["weights"] == weights)]
    if rows.empty:
        raise EstimateError(
            f"{path}: holds no images of {dataset} scored by {weights} weights; run `prefclip evaluate` again."
        )
    return rows


def answer_colour(row: pd.Series, place: str) -> str:
    """The colour of the answer at one of PLACES: the true name, the written word, or another class."""
    return {row["label"]: RIGHT_ANSWER, row["word_label"]: WRITTEN_WORD}.get(row[place], OTHER_ANSWER)


def answer_handles() -> list[Patch]:
    """Entries of a legend of the colours."""
    return [
        Patch(facecolor=colour, edgecolor="black", linewidth=0.4, hatch=HATCHES[colour], label=label)
        for colour, label in MEANINGS.items()
    ]


def draw_answer(panel: Axes, place: float, probability: float, colour: str) -> None:
    """One horizontal bar, in per cent."""
    panel.barh(
        place, 100 * probability, 0.62, facecolor=colour, edgecolor="black", linewidth=0.4, hatch=HATCHES[colour]
    )


def draw_picture(panel: Axes, pixels: NDArray, caption: str) -> None:
    """A picture without axes, ``caption`` below it."""
    panel.imshow(pixels, interpolation="none")
    panel.set_xticks([])
    panel.set_yticks([])
    panel.spines[:].set_visible(False)
    panel.set_xlabel(caption, labelpad=2)
