"""The embedded world as data sets: balanced renderings, each a function of its id."""

from collections.abc import Iterator
from functools import partial
from math import gcd
from pathlib import Path

import numpy as np
import pandas as pd

from prefclip.config import Config, DataConfig
from prefclip.datasets.card import Card, Role
from prefclip.datasets.class_lists import check_names
from prefclip.datasets.emoji_scenes import EmojiWorld, EmojiWorldError, render_scene
from prefclip.datasets.image_sets import ImageSet
from prefclip.seeds import generator_for

# Classes take turns; each walks through its own source images (up to 7 styles, one of them for tests alone; for people
# 3 genders × 6 tones × styles) in strides. Of all strides and shifts these balance gender, tone, style and their pairs
# best when a walk is cut short.
STRIDE = 13
SHIFT_BY_CLASS = 29


def image_set(config: Config, card: Card, role: Role) -> ImageSet:
    """Describe the renderings of one embedded data set; nothing is drawn yet.

    Tests show drawings that nothing was trained or chosen on (`EmojiWorld.held_out`); validation shows those of the
    training split in other scenes, for the id holds the split's name and seeds the rendering. A gender set has no
    validation split, and ``train`` only if images are asked for; zero-shot sets have no ``train``.

    Raises EmojiWorldError or ClassListError for raw files that lack this data set.
    """
    world = EmojiWorld(Path(config.data.root))
    names = check_names(world.class_names(card.name), f"{world.classes_file}: {card.name}")
    kept = {held_out: [_rows(world, card.name, name, held_out) for name in names] for held_out in (True, False)}
    drawings = {held_out: sum(map(len, of_classes)) for held_out, of_classes in kept.items()}
    sizes = split_sizes(config.data, role, drawings[True], drawings[False])
    scenes = [
        scene for split, size in sizes.items() for scene in _scenes(card.name, split, size, kept[split == "test"])
    ]
    ids, splits, labels, rows = zip(*scenes, strict=True)
    sources = world.sources.loc[list(rows), ["kind", "gender", "tone", "style", "codepoints"]]
    records = pd.DataFrame({"id": ids, "split": splits, "label": labels}).join(sources.reset_index(drop=True))
    records["cluster"] = records["style"] + " " + records["codepoints"]
    paint = partial(_paint, world, card.name, ids, rows, config.model.image_size)
    return ImageSet(names, records, config.model.image_size, paint, str(world.sources_file))


def split_sizes(data: DataConfig, role: Role, held_out: int, seen: int) -> dict[str, int]:
    """Return how many images each split renders, from how many drawings are held out and how many are not."""
    sizes = {"test": min(data.test_images, data.scenes * held_out)}
    if role == "bias":
        return {"train": data.people_train_images, **sizes} if data.people_train_images else sizes
    sizes = {"validation": min(data.validation_images, data.scenes * seen), **sizes}
    return {"train": data.train_images, **sizes} if role == "train" else sizes


def _rows(world: EmojiWorld, dataset: str, name: str, held_out: bool) -> list[int]:
    """Source rows of a class that are held out, or those that are not. Raises EmojiWorldError where there is none."""
    rows = world.drawings(world.rows_of(dataset, name), held_out)
    if not rows:
        raise EmojiWorldError(
            f"{world.sources_file}: {name!r} of {dataset} has one style of drawing; tests need another."
        )
    return rows


def _scenes(dataset: str, split: str, size: int, rows_of_class: list[list[int]]) -> Iterator[tuple[str, str, int, int]]:
    """Yield id, split, label and source row of every rendering of a split."""
    for index in range(size):
        turn, label = divmod(index, len(rows_of_class))
        yield f"{dataset}-{split}-{index:05d}", split, label, source_row(rows_of_class[label], label, turn)


def source_row(rows: list[int], label: int, turn: int) -> int:
    """Return the source image that class ``label`` shows on its turn; all are shown before one comes again."""
    stride = next(stride for stride in range(STRIDE, STRIDE + len(rows) + 1) if gcd(stride, len(rows)) == 1)
    return rows[(SHIFT_BY_CLASS * label + stride * turn) % len(rows)]


def _paint(
    world: EmojiWorld, dataset: str, ids: tuple[str, ...], rows: tuple[int, ...], size: int, position: int
) -> np.ndarray:
    """Draw the rendering at a position, uint8 (size, size, 3); its id seeds it."""
    generator = generator_for(dataset, ids[position], "render")
    return np.asarray(render_scene(world.source_image(rows[position]), generator, size))
