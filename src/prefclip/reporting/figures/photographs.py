"""Real photographs with a misleading word on them, and what every method calls them."""

from prefclip.datasets.card_files import word_removed
from prefclip.reporting.leaf_inputs import decided_by
from prefclip.run.plan import method_runs

CAPTION = (
    "Photographs with their names and the misleading word on them, and every method's answer with its probability "
    "(first seed), drawn at random among those that CLIP calls by the word."
)
ORDER, GROUP = 30, "main"

settings = decided_by("data.real", "methods", "seeds")


def applies(config):
    return bool(sets_with_words(config))


def reads(config, layout):
    first = [run for run in method_runs(config) if run[1] == "clip" or run[2] == config.seeds[0]]
    kinds = (layout.images, layout.manifest, layout.classes)
    sets = [path(dataset) for dataset in sets_with_words(config) for path in kinds]
    return [*(layout.predictions(*run) for run in first), *sets]


def draw(config, layout):
    from prefclip.reporting.drawing.photographs import draw_photographs

    return draw_photographs(config, layout, sets_with_words(config))


def sets_with_words(config):
    """The sets of photographs that bear a word."""
    return [name for name in config.data.real if not word_removed(name)]
