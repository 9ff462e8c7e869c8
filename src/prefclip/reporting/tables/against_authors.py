"""Our numbers beside the authors' own logs."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, method_predictions
from prefclip.run.plan import published_file

ORDER, GROUP = 60, "main"
settings = decided_by(*OF_METHODS, "protocol")
PUBLISHED = ("author_logs", "author_kl", "defense_prefix_unverified")
# What the authors trained, and what stands for it in rehearsals, on which sets; other runs have no counterpart.
AUTHORS_MODELS = ("ViT-B-32-quickgelu", "ViT-tiny-32-quickgelu")
AUTHORS_TRAINING_SETS = ("imagenet100", "food101")


def applies(config):
    return config.model.name in AUTHORS_MODELS and config.data.train in AUTHORS_TRAINING_SETS


def reads(config, layout):
    return [*method_predictions(config, layout), *map(published_file, PUBLISHED)]


def make(config, layout):
    from prefclip.reporting.against_authors import comparison_table

    return comparison_table(config, layout, "against_authors")
