"""Attack synthesis over a manifest: every clean image gets twins with a wrong class name written on them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image

from prefclip.attacks.attacked_manifest import ATTACKED_COLUMNS, DRAWN
from prefclip.attacks.looks import CONDITIONS, PAINTED
from prefclip.attacks.typography import (
    AttackError,
    attack_box,
    choose_word,
    draw_attack,
    draw_spec,
    line_boxes,
)
from prefclip.datasets.class_lists import ClassList, read_classes
from prefclip.datasets.image_stacks import open_images, sha256_of_image
from prefclip.datasets.manifest import CANVAS_SHA256, read_manifest
from prefclip.datasets.parquet_tables import write_table
from prefclip.datasets.squares import squeezed
from prefclip.datasets.stack_writing import write_images
from prefclip.files import whole_file
from prefclip.seeds import seed_for


def synthesise_attacks(
    manifest: str | Path,
    images: str | Path,
    classes: str | Path,
    out_images: str | Path,
    out_manifest: str | Path,
    size_range: tuple[int, int],
    variants: int = 1,
    seed: int = 0,
    workers: int = 1,
    only: Collection[str] | None = None,
    test_conditions: Sequence[str] = (PAINTED,),
    bottleneck: int | None = None,
) -> int:
    """Draw ``variants`` attacks on every image of a manifest; returns how many were drawn.

    Test images are attacked under each of ``test_conditions``, all others PAINTED alone. The word is uniform over the
    other classes' names and the same under all conditions. Each attack's randomness comes from the data set, the
    image's id, the variant and ``seed``, and rows are in the order of the ids: the same manifest gives the same bytes
    in any order of its rows and with any number of workers.

    Inputs are as ``build_manifest`` wrote them; ``size_range`` is the smallest and largest font size in pixels, both
    included; ``only`` the ids of the images to attack, if not all: what is drawn on them stays the same. ``images`` are
    the canvases where the manifest has any; with a ``bottleneck`` (pixels) attacked images are reduced to it and
    enlarged again, as the released code does.

    Raises AttackError for a word that does not fit, an argument out of range, or inputs that do not belong together;
    TableError, ImageStackError or ClassListError for one that is missing or damaged; OutputError where an output cannot
    be written: no half-written file stays.
    """
    if variants < 1 or seed < 0:
        raise AttackError(f"variants {variants}, seed {seed}: at least 1 variant and a seed of 0 or more are needed.")
    class_list = read_classes(classes)
    table = read_manifest(manifest).sort_values("id", ignore_index=True)
    if CANVAS_SHA256 in table:
        table["sha256"] = table[CANVAS_SHA256]
    if only is not None:
        table = table[table["id"].isin(only)].reset_index(drop=True)
    _check_together(table, class_list, manifest, images, classes)
    height, width = open_images(images).shape[1:3]
    drawer = _AttackDrawer(
        images=str(images),
        dataset=class_list.dataset,
        names=class_list.names,
        attacks=[
            (clean, condition, variant)
            for clean in table[["id", "split", "row", "label", "name", "sha256"]].to_dict("records")
            for condition in (test_conditions if clean["split"] == "test" else (PAINTED,))
            for variant in range(variants)
        ],
        size_range=(int(size_range[0]), int(size_range[1])),
        seed=seed,
        bottleneck=bottleneck,
    )
    count = len(drawer.attacks)
    with whole_file(out_images) as temporary:
        drawn = write_images(temporary, count, (height, width), drawer, pa.schema(list(DRAWN.items())), workers)
        write_table(out_manifest, drawn.select(ATTACKED_COLUMNS))
    return count


@dataclass(frozen=True)
class _AttackDrawer:
    """Draws the attack in a row; ``attacks`` has the manifest's row of its clean image, its condition and variant."""

    images: str
    dataset: str
    names: tuple[str, ...]
    attacks: list[tuple[dict, str, int]]
    size_range: tuple[int, int]
    seed: int
    bottleneck: int | None

    @cached_property
    def _clean(self) -> np.memmap:
        # Opened where it is used: a mapped file that travels to another process would be copied whole.
        return open_images(self.images)

    def __call__(self, row: int) -> tuple[np.ndarray, dict]:
        clean, condition, variant = self.attacks[row]
        identity, label = clean["id"], clean["label"]
        pixels = self._clean[clean["row"]]
        if variant == 0 and condition == PAINTED and sha256_of_image(pixels) != clean["sha256"]:
            raise AttackError(
                f"{self.images}: row {clean['row']} is not the image {identity!r} of the manifest (sha256 differs); "
                "build images and manifest again."
            )
        item_seed = seed_for(self.dataset, identity, "attack", variant, self.seed)
        generator = np.random.Generator(np.random.PCG64(item_seed))
        word_label = choose_word(label, self.names, generator)
        height, width = pixels.shape[:2]
        try:
            spec = draw_spec(
                self.names[word_label], (width, height), self.size_range, generator, *CONDITIONS[condition]
            )
        except AttackError as error:
            raise AttackError(f"{self.images}: image {identity!r}: {error}") from error
        attacked = np.asarray(squeezed(draw_attack(Image.fromarray(pixels), spec), self.bottleneck))
        box = zip(("left", "top", "right", "bottom"), attack_box(spec), strict=True)
        return attacked, {
            **{column: clean[column] for column in ("id", "split", "label", "name")},
            **{column: getattr(spec, column) for column in ("word", "font", "size", "fill", "stroke")},
            "attacked_id": f"{identity}.{'' if condition == PAINTED else f'{condition}.'}w{variant}",
            "variant": variant,
            "condition": condition,
            "clean_row": clean["row"],
            "word_label": word_label,
            **{f"box_{side}": pixel for side, pixel in box},
            "line_boxes": json.dumps(line_boxes(spec), separators=(",", ":")),
            "seed": item_seed,
        }


def _check_together(
    table: pd.DataFrame, class_list: ClassList, manifest: str | Path, images: str | Path, classes: str | Path
) -> None:
    """Raise AttackError unless manifest, images and class list describe the same data set."""
    if not len(table):
        raise AttackError(f"{manifest}: the manifest has no rows; there is nothing to attack.")
    count = len(open_images(images))
    if not table["row"].between(0, count - 1).all():
        raise AttackError(f"{images}: has {count} images, but {manifest} points to row {table['row'].max()}.")
    for label, name in table[["label", "name"]].drop_duplicates().itertuples(index=False):
        if not 0 <= label < len(class_list.names) or class_list.names[label] != name:
            raise AttackError(
                f"{classes}: label {label} is not {name!r}, as {manifest} says; build them again together."
            )
