"""Accuracy and KL over the number of training images."""

from prefclip.reporting.drawing.sweep_figure import KEY, sweep_figure

CAPTION = "How few training images are enough: accuracy and KL from CLIP over their number." + KEY
ORDER, GROUP = 160, "ablations"

applies, reads, settings, draw = sweep_figure("max_train_images")
