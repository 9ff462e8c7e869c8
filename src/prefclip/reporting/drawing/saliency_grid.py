"""Where models look: the same pictures, clean and attacked, explained for the true name and for the written word."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.config import Config
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.explain.saliency import SaliencyError
from prefclip.explain.saliency.box_metrics import BOX_COLUMNS
from prefclip.explain.saliency.score_table import TITLES, ExampleMaps, read_example_maps, spoken_title
from prefclip.explain.saliency.share_estimates import REFERENCE
from prefclip.reporting.drawing.nested_figure import nested_figure
from prefclip.reporting.drawing.parts import bare
from prefclip.reporting.drawing.style import FULL_WIDTH, INK, RIGHT_ANSWER, WRITTEN_WORD
from prefclip.reporting.labels import method_label
from prefclip.run.files import RunFiles
from prefclip.run.plan import saliency_dataset

# Transparent where nothing speaks for the text, then warmer and more opaque.
HEAT = LinearSegmentedColormap.from_list("heat", [(1, 0.85, 0.2, 0.0), (1, 0.6, 0.0, 0.65), (0.75, 0.0, 0.1, 0.95)])
TARGETS = (("for the true name", RIGHT_ANSWER), ("for the written word", WRITTEN_WORD))
LOUDEST = 99.0
LABEL_INCHES = 0.32
HEADER_INCHES = 0.7
BAR_INCHES = 0.22


class ShownImage(NamedTuple):
    """One example: name and word, the clean and the attacked picture (H, W, 3) uint8, the word's box (left, top, right,
    bottom).
    """

    name: str
    word: str
    pictures: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    box: tuple[int, int, int, int]


def draw_grid_of_run(config: Config, layout: RunFiles, methods: Sequence[str]) -> Figure:
    """The grid of some methods of a run, by its first explainer. Raises PrefclipError naming a file that is unfit."""
    model, dataset = config.model.key, saliency_dataset(config)
    maps = {method: read_example_maps(layout.saliency_maps(model, method)) for method in methods}
    shown = maps[REFERENCE].ids
    other = next((method for method, found in maps.items() if found.ids != shown), None)
    if other is not None:
        raise SaliencyError(f"saliency: {other} explained other example images than clip; measure both again.")
    names = read_classes(layout.classes(dataset)).names
    rows = read_attacked_manifest(layout.attacked_manifest(dataset)).set_index("attacked_id")
    clean_rows = read_manifest(layout.manifest(dataset)).set_index("id")["row"]
    clean, attacked = open_images(layout.images(dataset)), open_images(layout.attacked_images(dataset))
    images = [
        ShownImage(
            names[row["label"]],
            names[row["word_label"]],
            (np.array(clean[clean_rows[row["id"]]]), np.array(attacked[row["row"]])),
            tuple(int(row[column]) for column in BOX_COLUMNS),
        )
        for _, row in rows.loc[list(shown)].iterrows()
    ]
    return draw_saliency_grid(images, maps, next(name for name in TITLES if name in maps[REFERENCE].maps))


def draw_saliency_grid(images: list[ShownImage], maps: dict[str, ExampleMaps], explainer: str) -> Figure:
    """Two rows per image, clean above attacked; the picture, then one column per method for each of the two names.

    ``maps``: method → its example maps, of the images in ``images``. Only what speaks for the name is shown. Maps of
    one row for one name share a scale, so that methods can be compared; the box is the drawn word's.
    """
    methods = list(maps)
    side = (FULL_WIDTH - LABEL_INCHES) / (1 + 2 * len(methods)) - 0.05
    figure = nested_figure(FULL_WIDTH, HEADER_INCHES + 2 * len(images) * (side + 0.05))
    ratios = (side + LABEL_INCHES - 0.1, len(methods) * (side + 0.05), len(methods) * (side + 0.05))
    shown, *blocks = figure.subfigures(1, 3, width_ratios=ratios)
    column = _grid(shown, len(images), 1, "", INK)
    column[0, 0].set_title("picture", loc="center", fontsize=7, pad=2)
    for row, axes in enumerate(column[:, 0]):
        image = images[row // 2]
        axes.imshow(image.pictures[row % 2], interpolation="none")
        axes.set_ylabel(f"“{image.word}”" if row % 2 else image.name, fontsize=7, labelpad=2)
    for target, (block, (header, colour)) in enumerate(zip(blocks, TARGETS, strict=True)):
        grid = _grid(block, len(images), len(methods), header, colour)
        for panel, method in zip(grid[0], methods, strict=True):
            panel.set_title(method_label(method), loc="center", fontsize=7, pad=2)
        for row, line in enumerate(grid):
            image, kind = images[row // 2], row % 2
            found = [maps[method].maps[explainer][row // 2, kind, target].astype(np.float64) for method in methods]
            loudest = max(np.percentile(saliency, LOUDEST) for saliency in found)
            for panel, saliency in zip(line, found, strict=True):
                draw_map(panel, image.pictures[kind], saliency, loudest)
                if kind:
                    _draw_box(panel, image.box)
    # The label makes room for the bar, which has its place in it.
    figure.supxlabel(f"{spoken_title(explainer)}:\nwhat raises the logit of the name", x=0.01, ha="left", fontsize=6)
    _draw_scale(figure)
    return figure


def _draw_scale(figure: Figure) -> None:
    bar = figure.add_axes((0.58, 0.45 * BAR_INCHES / figure.get_figheight(), 0.26, 0.08 / figure.get_figheight()))
    bar.set_in_layout(False)
    bar.imshow(np.linspace(0, 1, 256)[None], cmap=HEAT, aspect="auto", extent=(0, 1, 0, 1))
    bar.set(xticks=[], yticks=[])
    bar.spines[:].set_visible(True)
    bar.text(-0.02, 0.5, "nothing", ha="right", va="center", fontsize=6)
    bar.text(1.02, 0.5, "most in its row", va="center", fontsize=6)


def _grid(block: SubFigure, images: int, columns: int, header: str, colour: str) -> NDArray:
    grid = block.subplots(2 * images, columns, squeeze=False)
    # A space keeps the row of headers as high where there is none.
    block.suptitle(header or " ", fontsize=7.5, fontweight="bold", color=colour)
    for axes in grid.flat:
        bare(axes)
    return grid


def draw_map(axes: Axes, picture: NDArray[np.uint8], saliency: NDArray[np.float64], loudest: float) -> None:
    """Draw what speaks for a name over a faint picture; what reaches ``loudest`` is darkest."""
    axes.imshow(picture.mean(axis=2) * 0.45 + 140, cmap="gray", vmin=0, vmax=255, interpolation="none")
    heat = np.clip(saliency / loudest, 0, 1) if loudest > 0 else np.zeros_like(saliency)
    axes.imshow(heat, cmap=HEAT, vmin=0, vmax=1, interpolation="bilinear")


def _draw_box(axes: Axes, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    axes.add_patch(
        Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=INK, linewidth=0.7)
    )
