"""Which tables a run has, and the files that each is made from; light enough for the Snakefile to ask."""

from prefclip.config import Config, method_names
from prefclip.run.files import RunFiles
from prefclip.run.plan import CONCEPT_TABLES, SWEEP_TABLES, concept_results, concept_tables, published_file, table_runs

EVERY_RUN = ("typographic", "text_confusion", "retention", "main_results")
SALIENCY = "saliency"
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
    if config.saliency is not None:
        names.append(SALIENCY)
    return names


def all_table_names(config: Config) -> list[str]:
    """Return every table that a configuration has, those of concept maps and sweeps included."""
    return [*table_names(config), *concept_tables(config), *(SWEEP_TABLES if config.sweeps.grids else ())]


def table_inputs(config: Config, layout: RunFiles, name: str) -> list[str]:
    """Return the inputs of the table ``name``, in a fixed order."""
    if name in CONCEPT_TABLES:
        return concept_results(config, layout)
    if name == SALIENCY:
        numbers = [layout.saliency(config.model.key, method) for method in method_names(config)]
    else:
        numbers = [layout.predictions(*run) for run in table_runs(config, name)]
    return [*numbers, *metrics_files(config, layout, name), *published_inputs(name)]


def table_keys(name: str) -> list[str]:
    """Return the sections of the configuration that the table ``name`` depends on."""
    if name in CONCEPT_TABLES:
        return ["data", "evaluation", "concepts"]
    return ["data", "methods", "seeds", "evaluation", *(["sweeps"] if name in SWEEP_TABLES else [])]


def metrics_files(config: Config, layout: RunFiles, name: str) -> list[str]:
    """Return the metrics files whose rows the cells of the table ``name`` come from."""
    if name == SALIENCY:
        return [layout.saliency_metrics(config.model.key, method) for method in method_names(config)]
    return [layout.metrics(*run) for run in table_runs(config, name)]


def published_inputs(table: str) -> list[str]:
    """Return the files of published numbers that a table is made with."""
    return [published_file(name) for name in PUBLISHED.get(table, ())]
