"""Typographic attacks: a misleading word drawn on a picture.

The protocol is Defense-Prefix's (Azuma & Matsui, arXiv 2304.04512): a wrong class name, a random font, a size
that shrinks until the word fits, a fill with a one-pixel stroke of another colour, a uniform position. Here every
random choice comes from a generator made for that one image.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from prefclip.attacks.fonts import EVERY_FONT
from prefclip.attacks.looks import EVERY_COLOUR, SEEN, Look
from prefclip.errors import PrefclipError
from prefclip.fonts import font_file

STROKE_WIDTH = 1
# Of a slip of paper around its word, pixels for a letter of the second number.
MARGIN, MARGIN_SIZE = 2, 16
SMALLEST_SIZE = 6
LINE_SPACING = 1

Box = tuple[int, int, int, int]


class AttackError(PrefclipError):
    """A word cannot be drawn on a picture."""


@dataclass(frozen=True)
class AttackSpec:
    """Everything that decides the pixels of one attack.

    The font and two different colours, fill and stroke, are those of one look; the size is in pixels; (x, y) is the
    left and top pixel of the word's ink, stroke included. On a ``slip`` the stroke is the paper, a filled rectangle.
    """

    word: str
    font: str
    size: int
    fill: str
    stroke: str
    x: int
    y: int
    slip: bool = False


def break_lines(word: str) -> list[str]:
    """Split a name into lines, two or three words after the first, more after the second. AttackError for no word."""
    parts = word.split()
    if not parts:
        raise AttackError("the word to write is empty; give at least one letter.")
    if len(parts) < 2:
        return parts
    first = 1 if len(parts) <= 3 else 2
    return [" ".join(parts[:first]), " ".join(parts[first:])]


def choose_word(true_label: int, names: list[str], generator: np.random.Generator) -> int:
    """Draw the label of the word, uniform over the *other* classes' names. Raises AttackError where there is none."""
    others = [label for label, name in enumerate(names) if name != names[true_label]]
    if not others:
        raise AttackError(
            f"class list {names!r}: an attack on {names[true_label]!r} needs at least two different class names."
        )
    return others[int(generator.integers(len(others)))]


def draw_spec(
    word: str,
    image_size: tuple[int, int],
    size_range: tuple[int, int],
    generator: np.random.Generator,
    look: Look = SEEN,
    slip: bool = False,
) -> AttackSpec:
    """Draw font, size, colours and position for ``word`` on an image of ``image_size`` (width, height), painted on it
    or on a ``slip`` of paper.

    The size starts uniform in ``size_range`` (pixels, both ends included) and shrinks by one until the word fits.
    Raises AttackError for a word that is empty, has letters that the fonts lack, or does not fit at SMALLEST_SIZE, and
    for a size range that is empty or below 1.
    """
    break_lines(word)
    smallest, largest = size_range
    if not 1 <= smallest <= largest:
        raise AttackError(
            f"font sizes {smallest} to {largest} px: the smallest must be 1 or more, the largest no less."
        )
    font = look.fonts[int(generator.integers(len(look.fonts)))]
    size = int(generator.integers(smallest, largest + 1))
    if slip:
        fill, stroke = generator.choice(look.inks), generator.choice(look.papers)
    else:
        fill, stroke = generator.choice(look.colours, size=2, replace=False)
    across, down = generator.random(2)
    width, height = image_size
    for fitting_size in range(size, min(size, SMALLEST_SIZE) - 1, -1):
        if _surely_wider(word, font, fitting_size, width):
            continue
        ink_width, ink_height = _word_ink(word, font, fitting_size, slip).stroke.size
        if ink_width <= width and ink_height <= height:
            x = int(across * (width - ink_width + 1))
            y = int(down * (height - ink_height + 1))
            return AttackSpec(word, font, fitting_size, str(fill), str(stroke), x, y, slip)
    raise AttackError(
        f"the word {word!r} does not fit on an image of {width}×{height} pixels even at {min(size, SMALLEST_SIZE)} px; "
        "use a shorter word or a larger image."
    )


def draw_attack(
    image: Image.Image, spec: AttackSpec, change: Callable[[Image.Image], Image.Image] = lambda mask: mask
) -> Image.Image:
    """Draw ``spec`` on a copy of an RGB image. Raises AttackError for ink outside, or an unknown font or colour.

    ``change`` moves the ink of both masks of the word, stroke and fill, inside their box (:mod:`prefclip.attacks.ink`).
    """
    for colour in (spec.fill, spec.stroke):
        if colour not in EVERY_COLOUR:
            raise AttackError(f"colour {colour!r} is unknown; allowed: {', '.join(EVERY_COLOUR)}.")
    ink = _word_ink(spec.word, spec.font, spec.size, spec.slip)
    left, top, right, bottom = attack_box(spec)
    if left < 0 or top < 0 or right > image.width or bottom > image.height:
        raise AttackError(
            f"the word {spec.word!r} at ({spec.x}, {spec.y}) leaves the {image.width}×{image.height} image."
        )
    attacked = image.convert("RGB")
    attacked.paste(EVERY_COLOUR[spec.stroke], (left, top), change(ink.stroke))
    attacked.paste(EVERY_COLOUR[spec.fill], (left, top), change(ink.fill))
    return attacked


def attack_box(spec: AttackSpec) -> Box:
    """Return the exact (left, top, right, bottom) of the drawn ink, or slip, in pixels; right and bottom exclusive."""
    width, height = _word_ink(spec.word, spec.font, spec.size, spec.slip).stroke.size
    return spec.x, spec.y, spec.x + width, spec.y + height


def line_boxes(spec: AttackSpec) -> list[Box]:
    """Return one box per written line, as :func:`attack_box`; together they span the box of the ink."""
    ink = _word_ink(spec.word, spec.font, spec.size, spec.slip)
    return [(spec.x + a, spec.y + b, spec.x + c, spec.y + d) for a, b, c, d in ink.line_boxes]


class _WordInk(NamedTuple):
    """Masks of a word, cropped to its ink, so that the box is exact by construction."""

    stroke: Image.Image
    fill: Image.Image
    line_boxes: tuple[Box, ...]


@lru_cache(maxsize=65536)
def _word_ink(word: str, font_name: str, size: int, slip: bool = False) -> _WordInk:
    font = _load_font(font_name, size)
    lacking = sorted(set("".join(word.split())) - _letters_of(font_name))
    if lacking:
        raise AttackError(f"the word {word!r}: font {font_name} has no letter {lacking[0]!r}; use letters that it has.")
    lines = break_lines(word)
    line_height = size + LINE_SPACING + 2 * STROKE_WIDTH
    canvas_size = (
        int(max(font.getlength(line) for line in lines)) + 4 * size,
        line_height * (len(lines) + 1) + 2 * size,
    )
    masks = {}
    boxes = []
    for name, stroke_width in (("stroke", STROKE_WIDTH), ("fill", 0)):
        mask = Image.new("L", canvas_size, 0)
        for row, line in enumerate(lines):
            layer = Image.new("L", canvas_size, 0)
            origin = (canvas_size[0] // 2, size + row * line_height)
            ImageDraw.Draw(layer).text(origin, line, fill=255, font=font, anchor="ma", stroke_width=stroke_width)
            mask.paste(255, mask=layer)
            if name == "stroke":
                boxes.append(layer.getbbox())
        masks[name] = mask
    crop = masks["stroke"].getbbox()
    if crop is None or None in boxes:
        raise AttackError(f"the word {word!r} leaves no ink in font {font_name}; use visible letters.")
    if slip:
        margin = max(1, round(MARGIN * size / MARGIN_SIZE))
        crop = (crop[0] - margin, crop[1] - margin, crop[2] + margin, crop[3] + margin)
        masks["stroke"].paste(255, crop)
    shifted = tuple((a - crop[0], b - crop[1], c - crop[0], d - crop[1]) for a, b, c, d in boxes)
    return _WordInk(masks["stroke"].crop(crop), masks["fill"].crop(crop), shifted)


def _surely_wider(word: str, font_name: str, size: int, width: int) -> bool:
    """Tell without drawing that a word cannot fit; ink is at most one em narrower than the line's advance."""
    font = _load_font(font_name, size)
    return max(font.getlength(line) for line in break_lines(word)) - size > width


@lru_cache(maxsize=256)
def _load_font(name: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout engine is in every Pillow build; raqm is not, and would place letters differently.
    return ImageFont.truetype(_font_file(name), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache
def _letters_of(font_name: str) -> frozenset[str]:
    """The letters that a font can draw; others would become empty boxes."""
    return frozenset(map(chr, FT2Font(_font_file(font_name)).get_charmap()))


def _font_file(name: str) -> str:
    if name not in EVERY_FONT:
        raise AttackError(f"font {name!r} is unknown; allowed: {', '.join(EVERY_FONT)}.")
    return str(font_file(name))
