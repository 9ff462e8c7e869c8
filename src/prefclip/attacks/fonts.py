"""The fonts that misleading words are drawn in, and those that only tests are drawn in."""

from pathlib import Path

from prefclip.fonts import font_file

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold")
# A base model is pretrained with these too, so that it reads letters and not six fonts.
FURTHER_FONTS = ("DejaVuSans-Oblique", "DejaVuSansMono-Oblique", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic")
FURTHER_FONTS += ("STIXGeneral", "STIXGeneralItalic", "cmr10", "cmtt10")
HELD_OUT_FONTS = ("STIXGeneralBol", "cmss10", "cmb10")
EVERY_FONT = (*FONTS, *FURTHER_FONTS, *HELD_OUT_FONTS)


def font_files() -> list[Path]:
    """Return their files; their bytes decide those of every attacked picture."""
    return [font_file(name) for name in (*FONTS, *HELD_OUT_FONTS)]
