"""How much of what speaks for a name lies on the written word: every method, explainer and name, with intervals."""

from prefclip.config import method_names
from prefclip.reporting.leaf_inputs import INTERVALS, decided_by, has_saliency, saliency_scores

CAPTION = (
    "How much of what speaks for a name lies inside the box of the written word: share of positive saliency by "
    "explainer and method, with {level} intervals. Dashes: the share of the picture that the box covers, which a "
    "map without preferences would give."
)
ORDER, GROUP = 130, "main"
TARGETS = {"written": "For the written word", "predicted": "For the model's own answer", "true": "For the true name"}

applies, reads = has_saliency, saliency_scores
settings = decided_by("methods", *INTERVALS)


def draw(config, layout):
    """One panel per name that is explained; groups of dots per explainer, one dot per method."""
    from matplotlib.lines import Line2D

    from prefclip.explain.saliency.score_table import TITLES
    from prefclip.explain.saliency.share_estimates import AREA, SHARE
    from prefclip.reporting.drawing.facets import draw_facets
    from prefclip.reporting.drawing.parts import method_handles
    from prefclip.reporting.drawing.style import FULL_WIDTH, INK, method_style, new_figure, panel_title
    from prefclip.reporting.saliency_table import read_share_estimates
    from prefclip.table import VALUE

    estimates, methods = read_share_estimates(config, layout), method_names(config)
    values = estimates[estimates["kind"] == VALUE]
    shares, area = values[values["measure"] == SHARE], values.loc[values["measure"] == AREA, "value"].mean()
    targets = [target for target in TARGETS if (shares["target"] == target).any()]
    explainers = [name for name in TITLES if (shares["explainer"] == name).any()]
    points = shares.assign(column=shares["target"], row="", group=shares["method"])
    points = points.assign(place=points["explainer"].map(explainers.index))
    points[["value", "ci_low", "ci_high"]] *= 100
    styles = {method: method_style(method, methods) for method in methods}
    figure = new_figure(FULL_WIDTH, 2.5)
    (grid,) = draw_facets(figure, points, styles, targets, joined=False, shared=True)
    covered = {"color": INK, "linewidth": 0.8, "linestyle": (0, (3, 1.5))}
    for panel, letter, target in zip(grid, "abc", targets, strict=False):
        panel.axhline(100 * area, **covered)
        panel.set_xticks(
            range(len(explainers)), [TITLES[name].replace(" ", "\n", 1) for name in explainers], fontsize=6.3
        )
        panel.set(xlim=(-0.55, len(explainers) - 0.45), ylim=(0, None))
        panel.tick_params(axis="x", length=0)
        panel_title(panel, letter, TARGETS[target])
    grid[0].set_ylabel("positive saliency on the word (%)")
    handles = method_handles(methods, lines=False)
    handles.append(Line2D([], [], label="what the word covers of the picture", **covered))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), columnspacing=1.2, handlelength=1.6)
    return figure
