"""The font files that pictures and figures are drawn with: those of matplotlib, found without importing it."""

from importlib.util import find_spec
from pathlib import Path


def font_file(name: str) -> Path:
    """Return the file of one of matplotlib's fonts, such as ``DejaVuSans-Bold``."""
    return Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
