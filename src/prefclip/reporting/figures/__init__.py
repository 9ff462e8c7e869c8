"""Figures by name: each is one file of this folder, which describes itself and is found by its name.

A further file is a further figure: nothing lists them, and drawing one imports no other. The Snakefile asks these
files, so they import numpy, pandas and matplotlib inside functions; what is drawn with lies in
`prefclip.reporting.drawing`.
"""

from typing import TYPE_CHECKING, Literal, Protocol, cast

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.leaves import leaf_names, shown_leaf
from prefclip.run.files import RunFiles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from prefclip.reporting.drawing.style import Metadata

Group = Literal["main", "concepts", "ablations", "tuning"]


class UnknownFigureError(PrefclipError):
    """No figure has this name, or a run does not have it."""


class Leaf(Protocol):
    """What the file of a figure holds.

    ``CAPTION``: what it shows and the key to its marks, wherever it is shown; ``{level}`` stands for the confidence of
    intervals. ``ORDER``: its place in the report, ascending. ``GROUP``: the target of Snakemake that draws it. A file
    may also hold ``leaves(config)``: the modules found by name, such as losses, whose code decides how it looks.
    """

    CAPTION: str
    ORDER: int
    GROUP: Group

    def applies(self, config: Config) -> bool:
        """Whether a run of this configuration has the figure."""

    def reads(self, config: Config, layout: RunFiles) -> list[str]:
        """The files that it is drawn from, in a fixed order."""

    def settings(self, config: Config) -> list[str]:
        """Dotted keys of the configuration that decide how it looks, beside those that decide what it reads."""

    def draw(self, config: Config, layout: RunFiles) -> "Figure":
        """Draw it, inside `print_style`. Raises a PrefclipError naming a file that is missing or damaged."""


def all_names() -> tuple[str, ...]:
    """Every figure by name, sorted."""
    return leaf_names(__name__)


def leaf(name: str, config: Config | None = None) -> Leaf:
    """What the figure called ``name`` says of itself.

    Raises UnknownFigureError for a name that no figure has and, given a configuration, for one that its runs do not
    have; the message lists those that there are.
    """
    if name not in all_names():
        raise UnknownFigureError(f"unknown figure {name!r}; allowed: {', '.join(all_names())}.")
    figure = cast(Leaf, shown_leaf(__name__, name, "draw", CAPTION=str))
    if config is not None and not figure.applies(config):
        raise UnknownFigureError(
            f"the configuration of {config.experiment} has nothing that the figure {name!r} shows; the figures of its "
            f"runs are: {', '.join(figure_names(config))}."
        )
    return figure


def figure_caption(name: str, config: Config) -> str:
    """What stands below a figure of a run, on its page and in Snakemake's report. Raises UnknownFigureError."""
    return leaf(name).CAPTION.replace("{level}", f"{100 * config.evaluation.confidence:g} %")


def figure_names(config: Config | None = None, group: Group | None = None) -> list[str]:
    """Return the figures of a run, or of any, in the order of the report; ``group``: of that one alone."""
    found = {name: leaf(name) for name in all_names()}
    chosen = [name for name, figure in found.items() if group in (None, figure.GROUP)]
    chosen = [name for name in chosen if config is None or found[name].applies(config)]
    return sorted(chosen, key=lambda name: (found[name].ORDER, name))


def draw_figure(layout: RunFiles, name: str, metadata: "Metadata | None" = None) -> None:
    """Draw ``figures/<name>.pdf`` and ``.png`` of a run; ``metadata`` maps a path to what the file says of itself.

    Raises UnknownFigureError as :func:`leaf`; other PrefclipErrors name the input that is missing or damaged.
    """
    from prefclip.reporting.drawing.style import print_style, save_figure, timeless_metadata

    config = layout.read_config()
    figure = leaf(name, config)
    with print_style():
        stem = layout.figure(name, "pdf").removesuffix(".pdf")
        save_figure(figure.draw(config, layout), stem, metadata or timeless_metadata)
