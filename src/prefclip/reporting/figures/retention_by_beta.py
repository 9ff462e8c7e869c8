"""How far each β lets a method move from CLIP on clean images: the distribution of the KL per image."""

from string import ascii_lowercase

from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label, method_label
from prefclip.reporting.leaf_inputs import decided_by

CAPTION = (
    "What each β keeps of CLIP: KL divergence between the tuned model and CLIP on each clean picture, all seeds of "
    "a point together. Boxes: quartiles and median; whiskers: 5th and 95th percentile; diamonds: means."
)
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
    """One panel per method, training set above zero-shot sets; one box per β, all seeds of it together."""
    from pandas import concat

    from prefclip.reporting.drawing.retention import draw_boxes, finish_boxes, read_retention
    from prefclip.reporting.drawing.style import FULL_WIDTH, method_style, new_figure, panel_title
    from prefclip.reporting.sweep_numbers import sweep_scopes

    points = sorted(points_of(config), key=lambda point: point.value)
    methods = [method for method in config.methods if any(point.method == method for point in points)]
    scopes = sweep_scopes(config)
    figure = new_figure(FULL_WIDTH, 1.75 * len(scopes) + 0.4)
    grid = figure.subplots(len(scopes), len(methods), sharey=True, squeeze=False)
    for column, method in enumerate(methods):
        chosen = {f"{point.value:g}": point for point in points if point.method == method}
        found = concat(
            read_retention(config, layout, point.name, point.seeds).assign(box=beta) for beta, point in chosen.items()
        )
        styles = dict.fromkeys(chosen, method_style(method, list(config.methods)))
        for row, (scope, datasets) in enumerate(scopes.items()):
            panel = grid[row][column]
            draw_boxes(panel, found[found["dataset"].isin(datasets)], styles)
            panel.set_xlabel("β" if row == len(scopes) - 1 else "")
            where = f"{len(datasets)} zero-shot sets" if scope == ZERO_SHOT_MEAN else dataset_label(scope)
            panel_title(panel, ascii_lowercase[row * len(methods) + column], f"{method_label(method)}, {where}")
    for row in grid:
        row[0].set_ylabel("KL(CLIP ‖ tuned) (nats)")
    finish_boxes(figure)
    return figure
