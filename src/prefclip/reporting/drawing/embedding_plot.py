"""Maps of embedded pictures: each model's own t-SNE of the same pictures, clean, attacked and under ink."""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from prefclip.config import Config
from prefclip.datasets.class_lists import read_classes
from prefclip.evaluation.embedding_files import PICTURES, Embeddings, read_embeddings
from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC
from prefclip.evaluation.neighbours import neighbour_shares
from prefclip.reporting.drawing import style
from prefclip.reporting.labels import method_label
from prefclip.run.files import RunFiles
from prefclip.seeds import seed_for

# One for each class that is drawn.
COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.VERMILLION, style.SKY, style.PURPLE)
PER_CLASS = 25
KINDS = {CLEAN: ("o", "clean"), TYPOGRAPHIC: ("X", "with a word"), INK: ("^", "under the same ink, unreadable")}
COLUMNS = 3
PANEL_HEIGHT = 2.15
NEIGHBOURS = 30.0  # the perplexity of a map


def draw_embedding_plot(config: Config, layout: RunFiles, methods: Sequence[str]) -> Figure:
    """One map for each of ``methods``, with its first seed, and above it what attacked pictures lie next to."""
    dataset, lines = config.data.train, -(-len(methods) // COLUMNS)
    names = read_classes(layout.classes(dataset)).names
    found = {method: read_embeddings(layout.embeddings(config.model.key, method)) for method in methods}
    chosen = drawn_pictures(dataset, next(iter(found.values())), names)
    figure = style.new_figure(style.FULL_WIDTH, 0.75 + PANEL_HEIGHT * lines)
    grid = figure.subplots(lines, min(COLUMNS, len(methods)), squeeze=False).ravel()
    for panel, letter, (method, embedded) in zip(grid, ascii_lowercase, found.items(), strict=False):
        _draw_map(panel, embedded, chosen)
        clean, attacked = (embedded.pictures[images][0] for images in (CLEAN, TYPOGRAPHIC))
        shares = neighbour_shares(clean, attacked, embedded.label, embedded.written)
        nearest = f"nearest clean: true {shares.true:.0%}, written {shares.written:.0%}".replace("%", " %")
        style.panel_title(panel, letter, f"{method_label(method)}\n{nearest}")
    for panel in grid[len(methods) :]:
        panel.set_axis_off()
    marks = {"linestyle": "", "markersize": 4.5, "markeredgewidth": 0}
    kinds = [Line2D([], [], marker=marker, color=style.INK, label=label, **marks) for marker, label in KINDS.values()]
    classes = [
        Line2D([], [], marker="s", color=colour, label=names[label], **marks)
        for label, colour in zip(chosen, COLOURS, strict=False)
    ]
    figure.legend(handles=kinds, loc="outside upper center", ncols=len(kinds))
    figure.legend(handles=classes, loc="outside lower center", ncols=len(classes), title="True class")
    return figure


def drawn_pictures(dataset: str, embedded: Embeddings, names: Sequence[str]) -> dict[int, list[int]]:
    """Class → places of its pictures that are drawn; classes by their names and pictures by their ids, by lot."""
    labels = sorted(
        np.unique(embedded.label).tolist(), key=lambda label: seed_for(dataset, names[label], "embedding plot")
    )
    order = sorted(range(len(embedded.ids)), key=lambda place: seed_for(dataset, embedded.ids[place], "embedding plot"))
    return {
        label: [place for place in order if embedded.label[place] == label][:PER_CLASS]
        for label in labels[: len(COLOURS)]
    }


def map_of(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """A t-SNE map (M, 2) of unit-norm embeddings (M, D), M >= 3, from their principal components: always the same."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    nearest = min(NEIGHBOURS, (len(points) - 1) / 3)
    with threadpool_limits(1):  # another number of threads adds up in another order
        return TSNE(init="pca", metric="cosine", perplexity=nearest, random_state=0).fit_transform(points)


def _draw_map(panel: Axes, embedded: Embeddings, chosen: dict[int, list[int]]) -> None:
    from seaborn import scatterplot

    places = [place for pictures in chosen.values() for place in pictures]
    points = map_of(np.concatenate([embedded.pictures[images][0][places] for images in PICTURES]))
    marks = pd.DataFrame(points, columns=["x", "y"]).assign(
        kind=np.repeat(PICTURES, len(places)), label=np.tile(embedded.label[places], len(PICTURES))
    )
    scatterplot(
        marks,
        x="x",
        y="y",
        hue="label",
        hue_order=list(chosen),
        palette=dict(zip(chosen, COLOURS, strict=False)),
        style="kind",
        style_order=list(KINDS),
        markers={kind: marker for kind, (marker, _) in KINDS.items()},
        s=14,
        linewidth=0.3,
        legend=False,
        ax=panel,
    )
    panel.set(xlabel="", ylabel="", xticks=[], yticks=[])
    panel.spines[:].set_visible(True)
    panel.spines[:].set_color(style.FAINT)
