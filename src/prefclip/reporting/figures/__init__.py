"""Figures by name: PDF for print and PNG for the screen."""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType

from matplotlib.figure import Figure

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.reporting.figure_inputs import PHOTOGRAPHS, RETENTION_BY_BETA, SWEEP_CURVES
from prefclip.reporting.figures.accuracy_bars import draw_accuracy_bars
from prefclip.reporting.figures.attack_examples import draw_attack_examples
from prefclip.reporting.figures.of_concepts import CONCEPT_DRAWERS
from prefclip.reporting.figures.photographs import draw_photographs
from prefclip.reporting.figures.retention_boxes import draw_retention_boxes
from prefclip.reporting.figures.retention_by_beta import draw_retention_by_beta
from prefclip.reporting.figures.saliency_grid import draw_grid_of_run
from prefclip.reporting.figures.saliency_shares import draw_shares_of_run
from prefclip.reporting.figures.style import Metadata, print_style, save_figure, timeless_metadata
from prefclip.reporting.figures.sweep_curves import draw_sweep
from prefclip.reporting.figures.training_curves import draw_training_curves
from prefclip.run.files import RunFiles

FIGURES: MappingProxyType[str, Callable[[Config, RunFiles], Figure]] = MappingProxyType(
    {
        "attack_examples": draw_attack_examples,
        "accuracy_bars": draw_accuracy_bars,
        "training_curves": draw_training_curves,
        "retention_boxes": draw_retention_boxes,
    }
)
SALIENCY_FIGURES: MappingProxyType[str, Callable[[Config, RunFiles], Figure]] = MappingProxyType(
    {"saliency_grid": draw_grid_of_run, "saliency_shares": draw_shares_of_run}
)
SWEEP_FIGURES: MappingProxyType[str, Callable[[Config, RunFiles], Figure]] = MappingProxyType(
    {name: partial(draw_sweep, vary=vary) for name, vary in SWEEP_CURVES.items()}
    | {RETENTION_BY_BETA: draw_retention_by_beta}
)


class UnknownFigureError(PrefclipError):
    """No figure has this name."""


def draw_figure(layout: RunFiles, name: str, metadata: Metadata = timeless_metadata) -> None:
    """Draw ``figures/<name>.pdf`` and ``.png`` of a run; ``metadata`` maps a path to what the file says of itself.

    Raises UnknownFigureError, which lists the figures; other PrefclipErrors name the input that is missing or damaged.
    """
    drawers = {**FIGURES, PHOTOGRAPHS: draw_photographs, **SALIENCY_FIGURES, **SWEEP_FIGURES, **CONCEPT_DRAWERS}
    if name not in drawers:
        raise UnknownFigureError(f"unknown figure {name!r}; allowed: {', '.join(drawers)}.")
    with print_style():
        figure = drawers[name](layout.read_config(), layout)
        save_figure(figure, layout.figure(name, "pdf").removesuffix(".pdf"), metadata)
