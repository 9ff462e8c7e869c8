"""How far each method moved from CLIP on clean images: the distribution of the KL per image."""

from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.leaf_inputs import decided_by, has_methods, method_predictions

CAPTION = (
    "What was kept of CLIP: KL divergence between the tuned model and CLIP on each clean picture, all seeds "
    "together. Boxes: quartiles and median; whiskers: 5th and 95th percentile; diamonds: means."
)
ORDER, GROUP = 50, "main"

applies, reads = has_methods, method_predictions
settings = decided_by("data.train", "data.zero_shot", "methods", "seeds")


def draw(config, layout):
    """Two panels, training set and zero-shot sets; one box per tuned method, all seeds together."""
    from pandas import concat

    from prefclip.reporting.drawing.retention import draw_boxes, finish_boxes, read_retention
    from prefclip.reporting.drawing.style import FULL_WIDTH, method_style, new_figure, panel_title

    methods = list(config.methods)
    scopes = {f"{dataset_label(config.data.train)} (training set)": (config.data.train,)}
    if config.data.zero_shot:
        scopes[f"{len(config.data.zero_shot)} zero-shot sets"] = tuple(config.data.zero_shot)
    found = concat(
        read_retention(config, layout, method, config.seeds).assign(box=method_label(method)) for method in methods
    )
    styles = {method_label(method): method_style(method, methods) for method in methods}
    figure = new_figure(FULL_WIDTH, 2.6)
    panels = figure.subplots(1, len(scopes), sharey=True, squeeze=False)[0]
    for panel, letter, (title, sets) in zip(panels, "ab", scopes.items(), strict=False):
        draw_boxes(panel, found[found["dataset"].isin(sets)], styles)
        panel_title(panel, letter, title)
    panels[0].set_ylabel("KL(CLIP ‖ tuned) per clean image (nats)")
    finish_boxes(figure)
    return figure
