"""How every figure looks: sizes for print, colours that colour-blind readers tell apart, files without a date.

A method has one colour, hatch, marker and line everywhere: baselines are warm, preference methods cool, CLIP is grey.
The colours are those of Okabe and Ito (2008).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import matplotlib
from matplotlib import style as matplotlib_style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from prefclip.files import whole_file
from prefclip.reporting.labels import method_colour

Metadata = Callable[[str], dict[str, str | None]]

FULL_WIDTH = 6.75  # inches: the text width of a two-column journal
COLUMN_WIDTH = 3.3
PNG_DPI = 200
CANVASES = {".pdf": FigureCanvasPdf, ".png": FigureCanvasAgg}

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#A6A6A6"
FAINT = "#C8C8C8"
INK = "#222222"

RIGHT_ANSWER, WRITTEN_WORD, OTHER_ANSWER = GREEN, VERMILLION, FAINT

RC = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "figure.dpi": PNG_DPI,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    # TrueType keeps text selectable and editable; journals refuse Type 3.
    "pdf.fonttype": 42,
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class MethodStyle:
    """Colour, and what carries the same meaning in grey: hatch of bars, marker and dashes of lines."""

    colour: str
    hatch: str
    marker: str
    line: str | tuple


# CLIP is grey; the other colours are what losses choose from.
STYLES = {
    "grey": MethodStyle(GREY, "", "o", "-"),
    "orange": MethodStyle(ORANGE, "////", "s", (0, (4, 1.2))),
    "vermillion": MethodStyle(VERMILLION, "xxxx", "D", (0, (4, 1.2, 1, 1.2))),
    "blue": MethodStyle(BLUE, "", "^", "-"),
    "sky": MethodStyle(SKY, "\\\\\\\\", "v", (0, (2, 1))),
    "green": MethodStyle(GREEN, "....", "P", (0, (1, 1))),
}
FURTHER_STYLES = (
    MethodStyle(PURPLE, "++++", "X", "-."),
    MethodStyle(YELLOW, "oo", "*", (0, (6, 1.5))),
    MethodStyle("#444444", "---", "h", (0, (1, 2))),
)


def method_style(method: str, methods: Sequence[str]) -> MethodStyle:
    """The style that the loss of this name has; others of ``methods`` take what remains, then lighter colours."""
    colour = method_colour(method)
    if colour is not None:
        return STYLES[colour]
    place = [name for name in methods if method_colour(name) is None].index(method)
    base = FURTHER_STYLES[place % len(FURTHER_STYLES)]
    turns = place // len(FURTHER_STYLES)
    return MethodStyle(lighter(base.colour, min(0.8, 0.3 * turns)), base.hatch, base.marker, base.line)


def lighter(colour: str, share: float) -> str:
    """Mix a colour with white: 0 leaves it, 1 is white."""
    return to_hex([part + (1 - part) * share for part in to_rgb(colour)])


@contextmanager
def print_style() -> Iterator[None]:
    """Draw inside this: matplotlib's defaults and RC, whatever the user's own settings are."""
    with matplotlib_style.context(["default", RC]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of ``width`` × ``height`` inches; call inside :func:`print_style`."""
    return Figure(figsize=(width, height), layout="constrained")


def panel_title(axes, letter: str, text: str) -> None:
    """``(a) text`` above a panel."""
    axes.set_title(rf"$\bf{{({letter})}}$ {text}")


def timeless_metadata(path: str | Path) -> dict[str, str | None]:
    """Metadata without date or version, so that equal figures give equal bytes."""
    if Path(path).suffix == ".pdf":
        return {"CreationDate": None, "Producer": "matplotlib", "Creator": "prefclip"}
    return {"Software": "matplotlib"}


def save_figure(figure: Figure, stem: str | Path, metadata: Metadata = timeless_metadata) -> None:
    """Write ``<stem>.pdf`` and ``<stem>.png`` (200 dpi); ``metadata`` gives what matplotlib stores in each of them."""
    for suffix in CANVASES:
        save_figure_as(figure, f"{stem}{suffix}", metadata)


def save_figure_as(figure: Figure, path: str | Path, metadata: Metadata = timeless_metadata) -> None:
    """Write one file, PDF or PNG by its suffix."""
    suffix = Path(path).suffix
    # Drawn in memory: where the disk is full, matplotlib's own writers fail in ways that hide it.
    drawn = BytesIO()
    with matplotlib.rc_context({"pdf.compression": 6}):
        CANVASES[suffix](figure)
        figure.savefig(drawn, format=suffix[1:], dpi=PNG_DPI, metadata=metadata(str(path)))
    with whole_file(path) as temporary:
        temporary.write_bytes(drawn.getbuffer())
