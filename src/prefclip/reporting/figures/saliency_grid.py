"""Where models look: the same pictures, clean and attacked, explained for the true name and for the written word."""

from prefclip.config import method_names
from prefclip.reporting.leaf_inputs import decided_by, has_saliency
from prefclip.run.plan import saliency_dataset

CAPTION = (
    "Where the models look: what raises the logit of the true name and of the written word, on a clean picture and "
    "with the word on it (first seed). Box: the word. Colours run from nothing to the loudest 1 % of the maps in a "
    "row for one name, so that methods can be compared."
)
ORDER, GROUP = 120, "main"
MOST_METHODS = 6

applies = has_saliency
settings = decided_by("methods", "data.train", "saliency.dataset")


def reads(config, layout):
    maps = [layout.saliency_maps(config.model.key, method) for method in shown_methods(config)]
    return maps + layout.attacked_set(saliency_dataset(config))


def draw(config, layout):
    from prefclip.reporting.drawing.saliency_grid import draw_grid_of_run

    return draw_grid_of_run(config, layout, shown_methods(config))


def shown_methods(config):
    """The untouched CLIP and the first methods, as many as there is room for."""
    return method_names(config)[:MOST_METHODS]
