"""Mean KL(reference‖model) per clean image."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, every_run, method_predictions

ORDER, GROUP = 40, "main"
applies, reads = every_run, method_predictions
settings = decided_by(*OF_METHODS)
CAPTION = "Retention: mean KL(reference‖model) per clean image (nats); lower keeps more of CLIP."


def make(config, layout):
    from prefclip.evaluation.metrics import CLEAN
    from prefclip.reporting.method_tables import method_table

    return method_table(config, layout, "retention", "retention_kl", (CLEAN,), CAPTION, differences=False)
