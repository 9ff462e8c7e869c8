"""Which tables a run has, and the published numbers they are made with; light enough for the Snakefile to ask."""

from prefclip.config import Config
from prefclip.layout import published_file

EVERY_RUN = ("typographic", "text_confusion", "retention", "main_results")
PUBLISHED = {"against_authors": ("author_logs", "author_kl", "defense_prefix_unverified")}
# What the authors trained, and on which sets; other runs have no counterpart in their logs.
AUTHORS_MODEL = "ViT-B-32-quickgelu"
AUTHORS_TRAINING_SETS = ("imagenet100", "food101")


def table_names(config: Config) -> list[str]:
    """Return the tables of a run in order."""
    names = list(EVERY_RUN)
    if config.data.real:
        names.append("real_photos")
    if config.model.name == AUTHORS_MODEL and config.data.train in AUTHORS_TRAINING_SETS:
        names.append("against_authors")
    return names


def published_inputs(table: str) -> list[str]:
    """Return the files of published numbers that a table is made with."""
    return [published_file(name) for name in PUBLISHED.get(table, ())]
