"""How far each method moved from CLIP on clean images: the distribution of the KL per image."""

from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.leaf_inputs import decided_by, has_methods, method_predictions

CAPTION = "What was kept of CLIP: KL divergence between the tuned model and CLIP on each clean picture."
ORDER, GROUP = 50, "main"

applies, reads = has_methods, method_predictions
settings = decided_by("data.train", "data.zero_shot", "methods", "seeds")


def draw(config, layout):
    """Two panels, training set and zero-shot sets; one box per tuned method, all seeds together.

    Box: quartiles and median; whiskers: 5th and 95th percentile; diamond: mean. The axis is logarithmic.
    """
    from prefclip.reporting.drawing.retention import draw_box, read_retention
    from prefclip.reporting.drawing.style import FULL_WIDTH, method_style, new_figure, panel_title

    methods = list(config.methods)
    scopes = {f"{dataset_label(config.data.train)} (training set)": (config.data.train,)}
    if config.data.zero_shot:
        scopes["Zero-shot sets"] = tuple(config.data.zero_shot)
    values = {method: read_retention(config, layout, method, config.seeds) for method in methods}
    figure = new_figure(FULL_WIDTH, 2.4)
    panels = figure.subplots(1, len(scopes), sharey=True, squeeze=False)[0]
    for panel, letter, (title, sets) in zip(panels, "ab", scopes.items(), strict=False):
        for place, method in enumerate(methods):
            chosen = values[method][values[method]["dataset"].isin(sets)]
            draw_box(panel, place, chosen["retention_kl"].to_numpy(), method_style(method, methods))
        panel.set_yscale("log")
        panel.set_xticks(range(len(methods)), [method_label(method) for method in methods])
        panel.set_xlim(-0.6, len(methods) - 0.4)
        panel.tick_params(axis="x", length=0)
        panel.yaxis.grid(True)
        panel_title(panel, letter, title)
    panels[0].set_ylabel("KL(CLIP ‖ tuned) per clean image (nats)")
    return figure
