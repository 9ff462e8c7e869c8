"""Accuracy and KL over β."""

from prefclip.reporting.drawing.sweep_figure import SweepFigure

CAPTION = "How sharply preferences are followed: accuracy and KL from CLIP over β."
ORDER = 140
GROUP = "ablations"
FIGURE = SweepFigure("beta")

applies, reads, settings, draw = FIGURE.applies, FIGURE.reads, FIGURE.settings, FIGURE.draw
