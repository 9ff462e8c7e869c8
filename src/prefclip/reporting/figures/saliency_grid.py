"""Where models look: the same pictures, clean and attacked, explained for the true name and for the written word."""

from prefclip.reporting.drawing.preferred import preferred_methods
from prefclip.run.plan import saliency_dataset

CAPTION = "Where the models look: what raises the logit of the true and of the written name."
ORDER = 120
GROUP = "main"


def applies(config):
    return config.saliency is not None


def reads(config, layout):
    maps = [layout.saliency_maps(config.model.key, method) for method in shown_methods(config)]
    return maps + layout.attacked_set(saliency_dataset(config))


def settings(config):
    return ["methods", "data.train", "saliency.dataset"]


def draw(config, layout):
    from prefclip.reporting.drawing.saliency_grid import draw_grid_of_run

    return draw_grid_of_run(config, layout, shown_methods(config))


def shown_methods(config):
    """The untouched CLIP and the methods with a preference objective, all methods where there is none."""
    return ["clip", *preferred_methods(config)]
