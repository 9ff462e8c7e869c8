"""How much of what speaks for a name lies on the written word."""

from prefclip.reporting.leaf_inputs import INTERVALS, decided_by, has_saliency, saliency_scores

ORDER, GROUP = 70, "main"
applies, reads = has_saliency, saliency_scores
settings = decided_by("model.name", "methods", *INTERVALS)


def make(config, layout):
    from prefclip.reporting.saliency_table import saliency_table

    return saliency_table(config, layout, "saliency")
