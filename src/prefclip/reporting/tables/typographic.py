"""Accuracy of every method on clean images, under ink and under a word: the paper's Table 1 with a control."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, every_run, method_predictions

ORDER, GROUP = 10, "main"
applies, reads = every_run, method_predictions
settings = decided_by(*OF_METHODS)
CAPTION = (
    "Zero-shot top-1 accuracy (%) on clean images, under the same ink unreadable, and attacked by a word: the paper's "
    "Table 1, which calls clean O and attacked T, with a control."
)


def make(config, layout):
    from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC
    from prefclip.reporting.method_tables import method_table

    return method_table(config, layout, "typographic", "accuracy", (CLEAN, INK, TYPOGRAPHIC), CAPTION)
