"""The fonts that figures are drawn in: the faces of `style.RC`'s family, and what equations take from beside it."""

from pathlib import Path

from prefclip.fonts import font_file

FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique", "DejaVuSansDisplay")


def drawn_fonts() -> list[Path]:
    """Return the files of FACES; their bytes decide those of every figure."""
    return [font_file(name) for name in FACES]
