"""What misleading words look like: fonts and colours, painted or on a slip of paper; which of them training sees."""

from typing import NamedTuple

from prefclip.attacks.fonts import FONTS, FURTHER_FONTS, HELD_OUT_FONTS

COLOURS = {
    "white": (255, 255, 255),
    "blue": (0, 0, 255),
    "green": (0, 128, 0),
    "red": (255, 0, 0),
    "magenta": (255, 0, 255),
    "cyan": (0, 255, 255),
    "yellow": (255, 255, 0),
    "black": (0, 0, 0),
}
HELD_OUT_COLOURS = {"orange": (255, 140, 0), "purple": (128, 0, 160), "grey": (128, 128, 128)}
PAPERS = {"paper": (250, 248, 240), "yellow paper": (250, 235, 150)}
HELD_OUT_PAPERS = {"blue paper": (205, 222, 245)}
EVERY_COLOUR = COLOURS | HELD_OUT_COLOURS | PAPERS | HELD_OUT_PAPERS


class Look(NamedTuple):
    """What words are drawn with: painted in any two of the colours, or in an ink on a slip of paper."""

    fonts: tuple[str, ...]
    colours: tuple[str, ...]
    inks: tuple[str, ...]
    papers: tuple[str, ...]


SEEN = Look(FONTS, tuple(COLOURS), ("black", "blue", "red"), tuple(PAPERS))
PRETRAINED = SEEN._replace(fonts=(*FONTS, *FURTHER_FONTS))
HELD_OUT = Look(HELD_OUT_FONTS, tuple(HELD_OUT_COLOURS), ("purple",), tuple(HELD_OUT_PAPERS))


class Condition(NamedTuple):
    """How a word comes onto a picture: with which look, and painted or on a slip of paper."""

    look: Look
    slip: bool


# Whatever is trained sees the first alone; the others show how far what it learned reaches.
PAINTED = "painted"
CONDITIONS = {
    PAINTED: Condition(SEEN, slip=False),
    "painted_held_out": Condition(HELD_OUT, slip=False),
    "slip": Condition(SEEN, slip=True),
    "slip_held_out": Condition(HELD_OUT, slip=True),
}
