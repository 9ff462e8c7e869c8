"""Real photographs with a misleading word on them, and what every method calls them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from prefclip.config import Config, method_names
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.reporting.drawing.answers import Answer, answer_handles, answer_of, answers_of, draw_answers, draw_picture
from prefclip.reporting.drawing.style import FULL_WIDTH, new_figure
from prefclip.reporting.estimates import REFERENCE
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.run.files import RunFiles
from prefclip.seeds import seed_for

PHOTOGRAPHS = 2  # of each data set, side by side
ROW_HEIGHT = 1.3


class Photograph(NamedTuple):
    """One photograph, with the answer of each method."""

    name: str
    word: str
    pixels: NDArray[np.uint8]
    answers: dict[str, Answer]


def draw_photographs(config: Config, layout: RunFiles, sets: Sequence[str]) -> Figure:
    """Two photographs of each of ``sets``, which bear words, with every method's answer.

    They are drawn at random among those that CLIP calls by the written word, then among the others; what the tuned
    models answer plays no part. Methods answer with their first seed.
    """
    figure = new_figure(FULL_WIDTH, 0.3 + ROW_HEIGHT * len(sets))
    grid = figure.subplots(len(sets), 2 * PHOTOGRAPHS, width_ratios=(1, 0.8) * PHOTOGRAPHS, squeeze=False)
    for line, dataset in zip(grid, sets, strict=True):
        for place, found in enumerate(find_photographs(config, layout, dataset)):
            picture, bars = line[2 * place : 2 * place + 2]
            draw_picture(picture, found.pixels, f"{found.name}, “{found.word}”")
            _draw_answers(bars, found.answers)
        line[0].set_ylabel(dataset_label(dataset), labelpad=4)
    for panel in grid[-1, 1::2]:
        panel.set_xlabel("probability (%)")
    figure.legend(handles=answer_handles(), loc="outside upper center", ncols=3)
    return figure


def find_photographs(config: Config, layout: RunFiles, dataset: str) -> list[Photograph]:
    """Choose PHOTOGRAPHS of a data set and collect what the figure shows of them."""
    answers = {method: answers_of(config, layout, dataset, method).set_index("id") for method in method_names(config)}
    untouched = answers[REFERENCE]
    listed = untouched[untouched["word_label"] >= 0]
    fooled = listed["predicted"] == listed["word_label"]
    order = sorted(listed.index, key=lambda name: (not fooled[name], seed_for(dataset, name, "photograph")))
    manifest = read_manifest(layout.manifest(dataset)).set_index("id")
    names = read_classes(layout.classes(dataset)).names
    images = open_images(layout.images(dataset))
    found = []
    for identity in order[:PHOTOGRAPHS]:
        rows = {method: frame.loc[identity] for method, frame in answers.items()}
        name, word = (names[untouched.loc[identity, column]] for column in ("label", "word_label"))
        pixels = np.array(images[manifest.loc[identity, "row"]])
        given = {method: answer_of(row, "predicted", names) for method, row in rows.items()}
        found.append(Photograph(name, word, pixels, given))
    return found


def _draw_answers(panel: Axes, answers: dict[str, Answer]) -> None:
    draw_answers(panel, [*answers.values()], [*map(method_label, answers)], len(answers), [0, 50, 100])
    panel.set_xlim(0, 100)
    for place, answer in enumerate(answers.values()):
        panel.text(104, place, answer.name, va="center", fontsize=6.5)
