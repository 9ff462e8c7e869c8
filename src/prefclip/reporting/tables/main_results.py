"""What the run must show, and what it showed."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, every_run, method_predictions

ORDER, GROUP = 20, "main"
applies, reads = every_run, method_predictions
settings = decided_by(*OF_METHODS)


def make(config, layout):
    from prefclip.reporting.requirements import requirements_table

    return requirements_table(config, layout, "main_results")
