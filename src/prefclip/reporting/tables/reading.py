"""Reading and ink: what a word costs because it can be read, and how much of that each method wins back."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, every_run, method_predictions

ORDER, GROUP = 15, "main"
applies, reads = every_run, method_predictions
settings = decided_by(*OF_METHODS)


def make(config, layout):
    from prefclip.reporting.reading_table import reading_table

    return reading_table(config, layout, "reading")
