"""Accuracy and KL over β."""

from prefclip.reporting.drawing.sweep_figure import KEY, sweep_figure

CAPTION = "How sharply preferences are followed: accuracy and KL from CLIP over β." + KEY
ORDER, GROUP = 140, "ablations"

applies, reads, settings, draw = sweep_figure("beta")
