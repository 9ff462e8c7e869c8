"""The ink control: twins of attacked pictures with the same ink, colours and box that cannot be read.

What a model loses under a written word is lost to reading and to ink that covers the picture. A twin has each pixel of
the word's ink, moved inside its box: `turned` by 180°, `mirrored`, or `scrambled`, vertical strips in another order.
So accuracy under ink minus accuracy under the word is what reading costs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from prefclip.attacks.attacked_manifest import INK, INK_COLUMNS, read_attacked_manifest
from prefclip.attacks.looks import CONDITIONS
from prefclip.attacks.typography import AttackError, AttackSpec, attack_box, draw_attack
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.parquet_tables import write_table
from prefclip.datasets.squares import squeezed
from prefclip.datasets.stack_writing import write_images
from prefclip.files import whole_file
from prefclip.seeds import generator_for

# Vertical strips narrower than half a letter leave no letter whole.
STRIPS_PER_SIZE = 3
# Three have no order that leaves fewer than one of them where it was, or where it would be turned.
FEWEST_STRIPS = 4

Change = Callable[[Image.Image], Image.Image]


def unreadable(kind: str, spec: AttackSpec, generator: np.random.Generator) -> Change:
    """What makes the masks of a word (fill and stroke) unreadable without changing their size or their sum.

    Raises AttackError for an unknown kind.
    """
    if kind not in KINDS:
        raise AttackError(f"ink {kind!r} is unknown; allowed: {', '.join(KINDS)}.")
    return KINDS[kind](spec, generator)


def _scrambled(spec: AttackSpec, generator: np.random.Generator) -> Change:
    left, _, right, _ = attack_box(spec)
    strips = np.array_split(np.arange(right - left), max(FEWEST_STRIPS, (right - left) * STRIPS_PER_SIZE // spec.size))
    order = generator.permutation(len(strips))
    while (order == np.arange(len(strips))).mean() > 0.25 or (order == np.arange(len(strips))[::-1]).mean() > 0.25:
        order = generator.permutation(len(strips))
    columns = np.concatenate([strips[place] for place in order])
    return lambda mask: Image.fromarray(np.asarray(mask)[:, columns])


def _flipped(how: Image.Transpose) -> Callable[[AttackSpec, np.random.Generator], Change]:
    return lambda spec, generator: lambda mask: mask.transpose(how)


FLIPS = {"turned": Image.Transpose.ROTATE_180, "mirrored": Image.Transpose.FLIP_LEFT_RIGHT}
KINDS: dict[str, Callable[[AttackSpec, np.random.Generator], Change]] = {
    **{kind: _flipped(how) for kind, how in FLIPS.items()},
    "scrambled": _scrambled,
}


def draw_ink_twins(
    dataset: str,
    attacked_manifest: str | Path,
    images: str | Path,
    out_images: str | Path,
    out_manifest: str | Path,
    kinds: Sequence[str],
    splits: Sequence[str],
    seed: int = 0,
    workers: int = 1,
    bottleneck: int | None = None,
) -> int:
    """Draw the ink twin of every attacked image of some splits; returns how many were drawn.

    One of ``kinds`` for each, drawn from the image's own id and ``seed``. Rows are in the order of the attacked
    manifest. ``images`` are those that the words were written on; ``bottleneck`` is that of the attacked ones. Raises
    AttackError, TableError, ImageStackError and OutputError as :func:`prefclip.attacks.synthesis.synthesise_attacks`.
    """
    attacked = read_attacked_manifest(attacked_manifest)
    attacked = attacked[attacked["split"].isin(splits)].reset_index(drop=True)
    height, width = open_images(images).shape[1:3]
    drawer = _InkDrawer(dataset, str(images), tuple(kinds), attacked.to_dict("records"), seed, bottleneck)
    with whole_file(out_images) as temporary:
        drawn = write_images(temporary, len(attacked), (height, width), drawer, pa.schema(list(INK.items())), workers)
        write_table(out_manifest, drawn.select(INK_COLUMNS))
    return len(attacked)


@dataclass(frozen=True)
class _InkDrawer:
    dataset: str
    images: str
    kinds: tuple[str, ...]
    attacked: list[dict]
    seed: int
    bottleneck: int | None

    @cached_property
    def _clean(self) -> np.memmap:
        return open_images(self.images)

    def __call__(self, row: int) -> tuple[np.ndarray, dict]:
        attack = self.attacked[row]
        generator = generator_for(self.dataset, attack["attacked_id"], "ink", self.seed)
        kind = self.kinds[int(generator.integers(len(self.kinds)))]
        place = {"x": attack["box_left"], "y": attack["box_top"]}
        slip = CONDITIONS[attack["condition"]].slip
        kept = {key: attack[key] for key in ("word", "font", "size", "fill", "stroke")}
        spec = AttackSpec(**kept, **place, slip=slip)
        clean = Image.fromarray(self._clean[attack["clean_row"]])
        twin = draw_attack(clean, spec, unreadable(kind, spec, generator))
        pixels = np.asarray(squeezed(twin, self.bottleneck))
        return pixels, {name: attack[name] for name in INK if name in attack} | {
            "ink_id": f"{attack['attacked_id']}.ink",
            "ink": kind,
        }
