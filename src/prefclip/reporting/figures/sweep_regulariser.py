"""Accuracy and KL over the weight of the regulariser."""

from prefclip.reporting.drawing.sweep_figure import KEY, sweep_figure

CAPTION = "What the regulariser is worth: accuracy and KL from CLIP over its weight λ; 0 leaves it out." + KEY
ORDER, GROUP = 150, "ablations"

applies, reads, settings, draw = sweep_figure("regulariser_weight")
