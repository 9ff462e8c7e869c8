"""Share of typographic images called by the written word."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, every_run, method_predictions

ORDER, GROUP = 30, "main"
applies, reads = every_run, method_predictions
settings = decided_by(*OF_METHODS)
CAPTION = "Text confusion: share of typographic images (%) that are called by the written word; lower is better."


def make(config, layout):
    from prefclip.evaluation.metrics import TYPOGRAPHIC
    from prefclip.reporting.method_tables import method_table

    return method_table(config, layout, "text_confusion", "text_confusion", (TYPOGRAPHIC,), CAPTION)
