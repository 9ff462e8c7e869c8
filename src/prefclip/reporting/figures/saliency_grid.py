"""Where models look: the same pictures, clean and attacked, explained for the true name and for the written word."""

from prefclip.reporting.leaf_inputs import decided_by, has_saliency, preferred_methods
from prefclip.run.plan import saliency_dataset

CAPTION = "Where the models look: what raises the logit of the true and of the written name."
ORDER, GROUP = 120, "main"

applies = has_saliency
settings = decided_by("methods", "data.train", "saliency.dataset")


def reads(config, layout):
    maps = [layout.saliency_maps(config.model.key, method) for method in shown_methods(config)]
    return maps + layout.attacked_set(saliency_dataset(config))


def draw(config, layout):
    from prefclip.reporting.drawing.saliency_grid import draw_grid_of_run

    return draw_grid_of_run(config, layout, shown_methods(config))


def shown_methods(config):
    """The untouched CLIP and the methods with a preference objective, all methods where there is none."""
    return ["clip", *preferred_methods(config)]
