"""Accuracy and KL over the number of training images."""

from prefclip.reporting.drawing.sweep_figure import SweepFigure

CAPTION = "How few training images are enough: accuracy and KL from CLIP over their number."
ORDER = 160
GROUP = "ablations"
FIGURE = SweepFigure("max_train_images")

applies, reads, settings, draw = FIGURE.applies, FIGURE.reads, FIGURE.settings, FIGURE.draw
