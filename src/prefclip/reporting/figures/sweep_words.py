"""Accuracy and KL over the number of attacks on each training image."""

from prefclip.reporting.drawing.sweep_figure import SweepFigure

CAPTION = "Several attacks on the same images: accuracy and KL from CLIP over their number per image."
ORDER = 170
GROUP = "ablations"
FIGURE = SweepFigure("words")

applies, reads, settings, draw = FIGURE.applies, FIGURE.reads, FIGURE.settings, FIGURE.draw
