"""Accuracy and KL over the batch size."""

from prefclip.reporting.drawing.sweep_figure import sweep_figure

CAPTION = "What larger batches and thus fewer steps do: accuracy and KL from CLIP over the pairs per step."
ORDER, GROUP = 165, "ablations"

applies, reads, settings, draw = sweep_figure("batch_size")
