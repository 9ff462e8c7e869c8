"""What every figure has to be: readable in print, drawn from the files that it names alone, the same each time."""

import shutil
from pathlib import Path

import matplotlib.text
from matplotlib.figure import Figure

from prefclip.config import Config
from prefclip.reporting.figures import draw_figure, leaf
from prefclip.run.files import RunFiles

SMALLEST_FONT = 6.0  # points, at the printed width


def readable_texts(figure: Figure) -> list[matplotlib.text.Text]:
    """The visible texts of a figure, after asserting that they are large enough and all of it lies inside; call this
    in the figure's own style.
    """
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0, width - drawn.x1, height - drawn.y1) > -0.01
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip() and text.get_visible()]
    assert min(text.get_fontsize() for text in texts) >= SMALLEST_FONT
    return texts


def copy_of(run: tuple[Config, RunFiles], folder: Path) -> tuple[Config, RunFiles]:
    """A copy of a run's files, to be damaged."""
    shutil.copytree(run[1].root, folder / "results")
    return run[0], RunFiles(str(folder / "results"))


def keep_inputs_alone(config: Config, layout: RunFiles, name: str) -> set[Path]:
    """Delete every file of a run that a figure does not name, older drawings too; returns those that it names."""
    needed = {Path(path) for path in (layout.config, *leaf(name).reads(config, layout))}
    for path in Path(layout.root).rglob("*.*"):
        if path.is_file() and path not in needed:
            path.unlink()
    return needed


def figure_files(layout: RunFiles, name: str) -> list[Path]:
    """The PDF and the PNG of a figure."""
    return [Path(layout.figure(name, form)) for form in ("pdf", "png")]


def repeated_bytes(layout: RunFiles, name: str) -> list[bytes]:
    """PDF and PNG of a figure, after asserting that drawing it twice gives the same."""
    found = []
    for _ in range(2):
        draw_figure(layout, name)
        found.append([path.read_bytes() for path in figure_files(layout, name)])
    assert found[0] == found[1]
    return found[0]
