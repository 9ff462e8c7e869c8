"""Renderings of the embedded world: an emoji at a random scale, place and flip on a random background."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from PIL import Image, ImageOps

from prefclip.datasets.parquet_tables import read_table
from prefclip.errors import PrefclipError

CANVAS_SIZE = 64
SCALE_RANGE = (0.75, 1.0)
SOURCE_COLUMNS = ("dataset", "kind", "concept", "gender", "tone", "style", "codepoints", "webp")
PEOPLE_KINDS = ("occupations", "activities")
# No picture of it is trained on. It draws the things of the style `fluent` anew, flat instead of in relief.
HELD_OUT_STYLE = "fluent-flat"
REMEDY = "restore it from the repository (git checkout resources/embedded)"


class EmojiWorldError(PrefclipError):
    """The raw files of the embedded world are missing, damaged, or contradict each other."""


@dataclass(frozen=True)
class EmojiWorld:
    """The source images in a folder: ``emoji.parquet``, one row for each, and ``classes.yaml``."""

    folder: Path

    def __reduce__(self) -> tuple:
        """Send only the folder to other processes; they read the files themselves."""
        return EmojiWorld, (self.folder,)

    @property
    def sources_file(self) -> Path:
        return self.folder / "emoji.parquet"

    @property
    def classes_file(self) -> Path:
        return self.folder / "classes.yaml"

    @cached_property
    def sources(self) -> pd.DataFrame:
        """SOURCE_COLUMNS; the order is part of the file. Raises TableError where it is missing or damaged."""
        return read_table(self.sources_file, SOURCE_COLUMNS, REMEDY)

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        """Names of each object set and of ``people``, in order. Raises EmojiWorldError without a file of this shape."""
        try:
            listed = yaml.safe_load(self.classes_file.read_text(encoding="utf-8"))
            people = listed.pop("people")
            return {**listed, "people": [name for kind in PEOPLE_KINDS for name in people[kind]]}
        except FileNotFoundError as error:
            raise EmojiWorldError(f"{self.classes_file}: no such file; {REMEDY}.") from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise EmojiWorldError(f"{self.classes_file}: not readable YAML ({error}); {REMEDY}.") from error
        except (AttributeError, KeyError, TypeError) as error:
            raise EmojiWorldError(
                f"{self.classes_file}: expected class names for each data set, and under people a list of "
                f"{' and of '.join(PEOPLE_KINDS)}; {REMEDY}."
            ) from error

    def class_names(self, dataset: str) -> list[str]:
        """Class names of one data set, in order. Raises EmojiWorldError when the class file does not list it."""
        if dataset not in self.classes:
            raise EmojiWorldError(
                f"{self.classes_file}: there is no data set {dataset!r}; listed: {', '.join(self.classes)}."
            )
        return self.classes[dataset]

    def rows_of(self, dataset: str, name: str) -> list[int]:
        """Rows of the source images that show one class. Raises EmojiWorldError when there is none."""
        rows = self._rows_by_class.get((dataset, name))
        if rows is None:
            raise EmojiWorldError(
                f"{self.sources_file}: no image of {name!r} for {dataset}, which {self.classes_file.name} lists; "
                "build the images again (prefclip world build-images)."
            )
        return rows

    @cached_property
    def held_out(self) -> frozenset[int]:
        """Rows of the drawings that nothing is trained on: those of HELD_OUT_STYLE."""
        return frozenset(np.flatnonzero(self.sources["style"] == HELD_OUT_STYLE).tolist())

    def drawings(self, rows: Iterable[int], held_out: bool) -> list[int]:
        """Those of some rows that are held out, or those that are not, in their order."""
        return [row for row in rows if (row in self.held_out) == held_out]

    def source_image(self, row: int) -> Image.Image:
        """Decode a row's RGBA image, read-only, for it is kept. Raises EmojiWorldError for bytes that are no image."""
        if row not in self._decoded:
            try:
                self._decoded[row] = Image.open(io.BytesIO(self.sources["webp"].iat[row])).convert("RGBA")
            except (OSError, ValueError, TypeError, SyntaxError, EOFError) as error:
                codepoints = self.sources["codepoints"].iloc[row]
                raise EmojiWorldError(
                    f"{self.sources_file}: the image in row {row} ({codepoints}) is damaged; {REMEDY}."
                ) from error
        return self._decoded[row]

    @cached_property
    def _decoded(self) -> dict[int, Image.Image]:
        return {}

    @cached_property
    def _rows_by_class(self) -> dict[tuple[str, str], list[int]]:
        groups = self.sources.groupby(["dataset", "concept"], sort=False).indices
        return {key: [int(row) for row in rows] for key, rows in groups.items()}


def render_scene(source: Image.Image, generator: np.random.Generator, size: int = CANVAS_SIZE) -> Image.Image:
    """Place an RGBA emoji, flipped by a fair coin, at a uniform scale and place on a random background; RGB."""
    canvas = random_background(generator, size)
    side = round(size * generator.uniform(*SCALE_RANGE))
    left, top = (int(value) for value in generator.integers(0, size - side + 1, size=2))
    emoji = source.resize((side, side), Image.Resampling.BILINEAR)
    if generator.random() < 0.5:
        emoji = ImageOps.mirror(emoji)
    canvas.paste(emoji, (left, top), emoji)
    return canvas


def random_background(generator: np.random.Generator, size: int = CANVAS_SIZE) -> Image.Image:
    """Return a plain colour, a linear gradient, or coarse blotches; RGB of size × size pixels."""
    kind = generator.integers(3)
    first, second = generator.integers(0, 256, size=(2, 3))
    if kind == 0:
        return Image.new("RGB", (size, size), tuple(int(value) for value in first))
    if kind == 1:
        angle = generator.uniform(0, 2 * np.pi)
        grid = np.linspace(-0.5, 0.5, size)
        share = np.clip(0.5 + grid[None, :] * np.cos(angle) + grid[:, None] * np.sin(angle), 0, 1)[..., None]
        return Image.fromarray(np.rint(first * (1 - share) + second * share).astype(np.uint8))
    spread = generator.normal(0, 30, size=(5, 5, 3))
    blotches = np.clip(first + spread, 0, 255).astype(np.uint8)
    return Image.fromarray(blotches).resize((size, size), Image.Resampling.BICUBIC)
