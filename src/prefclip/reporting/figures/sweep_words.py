"""Accuracy and KL over the number of attacks on each training image."""

from prefclip.reporting.drawing.sweep_figure import KEY, sweep_figure

CAPTION = "Several attacks on the same images: accuracy and KL from CLIP over their number per image." + KEY
ORDER, GROUP = 170, "ablations"

applies, reads, settings, draw = sweep_figure("words")
