"""What figures of single pictures share: answers of a model, true, written or other, and how they are drawn."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

from prefclip.config import Config
from prefclip.evaluation.long_form import read_predictions
from prefclip.reporting.drawing.parts import bare
from prefclip.reporting.drawing.style import OTHER_ANSWER, RIGHT_ANSWER, WRITTEN_WORD
from prefclip.reporting.estimates import EstimateError, headline_weights, seeds_of
from prefclip.run.files import RunFiles

PLACES = ("predicted", "second", "third")
HATCHES = {WRITTEN_WORD: "////", RIGHT_ANSWER: "", OTHER_ANSWER: ""}
MEANINGS = {RIGHT_ANSWER: "true name", WRITTEN_WORD: "written word", OTHER_ANSWER: "another class"}


class Answer(NamedTuple):
    """What a model calls a picture."""

    name: str
    probability: float
    colour: str


def answers_of(config: Config, layout: RunFiles, dataset: str, method: str) -> pd.DataFrame:
    """What a method says of each image of a data set: its first seed, with the weights that stand for it.

    Raises TableError for predictions that are missing or damaged, EstimateError for those without this data set.
    """
    weights = headline_weights(config, method)
    path = layout.predictions(config.model.key, method, seeds_of(config, method)[0])
    rows = read_predictions(path)
    rows = rows[(rows["dataset"] == dataset) & (rows["weights"] == weights)]
    if rows.empty:
        raise EstimateError(
            f"{path}: holds no images of {dataset} scored by {weights} weights; run `prefclip evaluate` again."
        )
    return rows


def answer_of(row: pd.Series, place: str, names: Sequence[str]) -> Answer:
    """The answer at one of PLACES: its class, probability and colour (true name, written word, or another class)."""
    colour = {row["label"]: RIGHT_ANSWER, row["word_label"]: WRITTEN_WORD}.get(row[place], OTHER_ANSWER)
    return Answer(names[row[place]], float(row[f"probability_{place}"]), colour)


def answer_handles() -> list[Patch]:
    """Entries of a legend of the colours."""
    return [
        Patch(facecolor=colour, edgecolor="black", linewidth=0.4, hatch=HATCHES[colour], label=label)
        for colour, label in MEANINGS.items()
    ]


def draw_answers(
    panel: Axes, answers: Sequence[Answer], labels: Sequence[str], rows: int, ticks: Sequence[int]
) -> None:
    """Horizontal bars in per cent, each with its label; room for ``rows`` of them."""
    for place, (_, probability, colour) in enumerate(answers):
        share, hatch = 100 * probability, HATCHES[colour]
        panel.barh(place, share, 0.62, facecolor=colour, edgecolor="black", linewidth=0.4, hatch=hatch)
    panel.set_yticks(range(len(answers)), labels)
    panel.tick_params(axis="y", length=0)
    panel.set(ylim=(rows - 0.4, -0.6), xticks=ticks)
    panel.xaxis.grid(True)


def draw_picture(panel: Axes, pixels: NDArray, caption: str) -> None:
    """A picture without axes, ``caption`` below it."""
    panel.imshow(pixels, interpolation="none")
    bare(panel)
    panel.set_xlabel(caption, labelpad=2)
