"""How far each β lets a method move from CLIP on clean images: the distribution of the KL per image."""

from string import ascii_lowercase

from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label, method_label
from prefclip.reporting.leaf_inputs import decided_by

CAPTION = "What each β keeps of CLIP: KL divergence between tuned model and CLIP on each clean picture."
ORDER, GROUP = 180, "ablations"

settings = decided_by("data.train", "data.zero_shot", "methods", "seeds", "sweeps")


def applies(config):
    return bool(points_of(config))


def reads(config, layout):
    runs = [(config.model.key, point.name, seed) for point in points_of(config) for seed in point.seeds]
    return [layout.predictions(*run) for run in dict.fromkeys(runs)]


def points_of(config):
    """The points of all sweeps over β."""
    return [point for point in config.grid_points if point.vary == "beta"]


def draw(config, layout):
    """One panel per method, training set above zero-shot sets; one box per β, all seeds of it together.

    Boxes as in the figure retention_boxes.
    """
    from prefclip.reporting.drawing.retention import draw_box, read_retention
    from prefclip.reporting.drawing.style import FULL_WIDTH, method_style, new_figure, panel_title
    from prefclip.reporting.sweep_numbers import sweep_scopes

    points = points_of(config)
    methods = list(dict.fromkeys(point.method for point in points))
    scopes = sweep_scopes(config)
    figure = new_figure(FULL_WIDTH, 1.75 * len(scopes) + 0.2)
    grid = figure.subplots(len(scopes), len(methods), sharey=True, squeeze=False)
    for column, method in enumerate(methods):
        chosen = {point.value: point for point in points if point.method == method}
        values = [read_retention(config, layout, chosen[beta].name, chosen[beta].seeds) for beta in sorted(chosen)]
        for row, (scope, datasets) in enumerate(scopes.items()):
            panel = grid[row][column]
            for place, found in enumerate(values):
                numbers = found.loc[found["dataset"].isin(datasets), "retention_kl"].to_numpy()
                draw_box(panel, place, numbers, method_style(method, list(config.methods)))
            panel.set_yscale("log")
            panel.set_xticks(range(len(chosen)), [f"{beta:g}" for beta in sorted(chosen)])
            panel.tick_params(axis="x", length=0)
            panel.yaxis.grid(True)
            panel.set_xlabel("β" if row == len(scopes) - 1 else "")
            where = "zero-shot" if scope == ZERO_SHOT_MEAN else dataset_label(scope)
            panel_title(panel, ascii_lowercase[row * len(methods) + column], f"{method_label(method)}, {where}")
    for row in grid:
        row[0].set_ylabel("KL(CLIP ‖ tuned) (nats)")
    return figure
