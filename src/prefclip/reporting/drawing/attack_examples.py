"""A few pictures, the word written on them, and what CLIP and the tuned model call them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.config import Config
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.reporting.drawing.answers import (
    PLACES,
    Answer,
    answer_handles,
    answer_of,
    answers_of,
    draw_answers,
    draw_picture,
)
from prefclip.reporting.drawing.style import FULL_WIDTH, INK, new_figure
from prefclip.reporting.estimates import REFERENCE
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.run.files import RunFiles
from prefclip.seeds import seed_for

ROW_HEIGHT = 1.12
ANSWER_LIMIT = 112  # per cent on an axis, with room for the number behind the longest bar


class Example(NamedTuple):
    """One row of the figure, with the answers of each method, best first."""

    dataset: str
    name: str
    word: str
    clean: NDArray[np.uint8]
    attacked: NDArray[np.uint8]
    answers: dict[str, list[Answer]]


def draw_attack_examples(config: Config, layout: RunFiles, datasets: Sequence[str], tuned: str) -> Figure:
    """One picture of each of ``datasets``, and what CLIP and the method ``tuned``, with its first seed, answer.

    Of each data set, the picture is drawn at random among those that CLIP names rightly when clean and by the written
    word when attacked (among all, if there is none); what the tuned model answers plays no part.
    """
    found = [find_example(config, layout, dataset, tuned) for dataset in datasets]
    figure = new_figure(FULL_WIDTH, 0.5 + ROW_HEIGHT * len(found))
    grid = figure.subplots(len(found), 4, width_ratios=(1, 1, 1.75, 1.75), squeeze=False)
    titles = ("Clean", "Attacked", "CLIP on the attacked image", f"{method_label(tuned)} on the attacked image")
    for place, title in enumerate(titles):
        grid[0, place].set_title(title, loc="center" if place < 2 else "left")
    for line, example in zip(grid, found, strict=True):
        draw_picture(line[0], example.clean, example.name)
        draw_picture(line[1], example.attacked, f"“{example.word}”")
        line[0].set_ylabel(dataset_label(example.dataset), labelpad=4)
        _draw_answers(line[2], example.answers[REFERENCE])
        _draw_answers(line[3], example.answers[tuned])
    for panel in grid[:-1, 2:].flat:
        panel.set_xticklabels([])
    for panel in grid[-1, 2:]:
        panel.set_xlabel("probability (%)")
    figure.legend(handles=answer_handles(), loc="outside lower center", ncols=3)
    return figure


def find_example(config: Config, layout: RunFiles, dataset: str, tuned: str) -> Example:
    """Choose one picture of a data set and collect what the figure shows of it."""
    answers = {method: answers_of(config, layout, dataset, method) for method in (REFERENCE, tuned)}
    untouched = answers[REFERENCE]
    clean, attacked = (untouched[untouched["images"] == kind] for kind in (CLEAN, TYPOGRAPHIC))
    named = clean.loc[clean["predicted"] == clean["label"], "id"]
    fooled = attacked[(attacked["predicted"] == attacked["word_label"]) & attacked["clean_id"].isin(named)]
    candidates = attacked if fooled.empty else fooled
    identity = min(candidates["id"], key=lambda name: seed_for(dataset, name, "attack example"))
    row = read_attacked_manifest(layout.attacked_manifest(dataset)).set_index("attacked_id").loc[identity]
    clean_row = read_manifest(layout.manifest(dataset)).set_index("id").loc[row["id"], "row"]
    names = read_classes(layout.classes(dataset)).names
    return Example(
        dataset,
        names[row["label"]],
        names[row["word_label"]],
        np.array(open_images(layout.images(dataset))[clean_row]),
        np.array(open_images(layout.attacked_images(dataset))[row["row"]]),
        {method: _top_answers(frame.set_index("id").loc[identity], names) for method, frame in answers.items()},
    )


def _top_answers(row: pd.Series, names: tuple[str, ...]) -> list[Answer]:
    return [answer_of(row, place, names) for place in PLACES if row[place] >= 0]


def _draw_answers(panel, answers: list[Answer]) -> None:
    draw_answers(panel, answers, [answer.name for answer in answers], len(PLACES), [0, 25, 50, 75, 100])
    panel.set_xlim(0, ANSWER_LIMIT)
    for place, answer in enumerate(answers):
        share = 100 * answer.probability
        panel.text(share + 2, place, f"{share:.0f}", va="center", fontsize=6.5, color=INK)
