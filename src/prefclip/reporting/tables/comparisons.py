"""Method against method, paired by drawing."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, tuned_predictions

ORDER, GROUP = 35, "main"
reads = tuned_predictions
settings = decided_by(*OF_METHODS)


def applies(config):
    return len(config.methods) > 1


def make(config, layout):
    from prefclip.reporting.comparisons import comparison_table

    return comparison_table(config, layout, "comparisons")
