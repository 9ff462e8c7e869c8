"""Pictures of a word and nothing else: what can be read where there is nothing to see."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prefclip.attacks.looks import SEEN
from prefclip.attacks.typography import draw_attack, draw_spec
from prefclip.seeds import generator_for

PICTURES_PER_WORD = 5
BACKGROUND = (128, 128, 128)


def words_alone(
    names: Sequence[str], dataset: str, side: int, sizes: tuple[int, int], most: int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Each of the K names PICTURES_PER_WORD times on plain grey, uint8 (N, side, side, 3), and its label, (N,).

    Font, two colours, size and place are drawn for each picture from the data set and the word, out of those of
    training's attacks; ``sizes``: smallest and largest, in pixels; ``most``: at most so many pictures, one of each name
    before a second of any. Raises AttackError for a word that cannot be drawn.
    """
    drawn = [(place, label) for place in range(PICTURES_PER_WORD) for label in range(len(names))][:most]
    pictures, labels = [], []
    for label, place in sorted((label, place) for place, label in drawn):
        canvas = Image.new("RGB", (side, side), BACKGROUND)
        spec = draw_spec(
            names[label], canvas.size, sizes, generator_for(dataset, names[label], place, "word alone"), SEEN
        )
        pictures.append(np.asarray(draw_attack(canvas, spec)))
        labels.append(label)
    return np.stack(pictures), np.array(labels)
