"""Accuracy of every method on clean (O) and typographic (T) images of every data set: the paper's Table 1."""

from prefclip.reporting.leaf_inputs import ATTACKED_SETS, OF_METHODS, decided_by, every_run, method_predictions

ORDER, GROUP = 1, "main"
applies, reads = every_run, method_predictions
settings = decided_by(*OF_METHODS, *ATTACKED_SETS)
CAPTION = "Zero-shot top-1 accuracy (%) on clean (O) and typographic (T) images."


def make(config, layout):
    from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
    from prefclip.reporting.method_tables import method_table

    return method_table(config, layout, "typographic", "accuracy", (CLEAN, TYPOGRAPHIC), CAPTION)
