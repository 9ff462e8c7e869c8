"""Every trial of the search for settings."""

from prefclip.reporting.leaf_inputs import OF_TRIALS, decided_by, has_trials, trial_predictions

ORDER, GROUP = 120, "tuning"
applies, reads = has_trials, trial_predictions
settings = decided_by(*OF_TRIALS)


def make(config, layout):
    """One row per trial, the best of each method first."""
    from prefclip.reporting.trial_table import trial_table

    return trial_table(config, layout, "tuning")
