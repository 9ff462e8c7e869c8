"""Accuracy and KL over the weight of the regulariser."""

from prefclip.reporting.drawing.sweep_figure import SweepFigure

CAPTION = "What the regulariser is worth: accuracy and KL from CLIP over its weight λ; 0 leaves it out."
ORDER = 150
GROUP = "ablations"
FIGURE = SweepFigure("regulariser_weight")

applies, reads, settings, draw = FIGURE.applies, FIGURE.reads, FIGURE.settings, FIGURE.draw
