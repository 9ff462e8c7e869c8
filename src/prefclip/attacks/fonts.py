"""The fonts that misleading words are drawn in."""

from pathlib import Path

from prefclip.fonts import font_file

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold")


def font_files() -> list[Path]:
    """Return the files of FONTS; their bytes decide those of every attacked picture."""
    return [font_file(name) for name in FONTS]
