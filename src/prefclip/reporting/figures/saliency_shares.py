"""How much of what speaks for a name lies on the written word: every method, explainer and name, with intervals."""

from prefclip.config import method_names
from prefclip.reporting.leaf_inputs import INTERVALS, decided_by, has_saliency, saliency_scores

CAPTION = "Share of positive saliency inside the box of the written word."
ORDER, GROUP = 130, "main"
TARGETS = {"written": "For the written word", "predicted": "For the model's own answer", "true": "For the true name"}

applies, reads = has_saliency, saliency_scores
settings = decided_by("methods", *INTERVALS)


def draw(config, layout):
    """One panel per name that is explained; groups of dots per explainer, one dot per method.

    The dashed line is the share of the image that the word's box covers: what a map without preferences would give.
    """
    from matplotlib.lines import Line2D

    from prefclip.explain.saliency.score_table import TITLES
    from prefclip.explain.saliency.share_estimates import AREA, SHARE
    from prefclip.reporting.drawing.parts import method_handles
    from prefclip.reporting.drawing.style import FULL_WIDTH, INK, method_style, new_figure, panel_title
    from prefclip.reporting.saliency_table import read_share_estimates
    from prefclip.table import VALUE

    estimates, methods = read_share_estimates(config, layout), method_names(config)
    values = estimates[estimates["kind"] == VALUE]
    shares, area = values[values["measure"] == SHARE], values.loc[values["measure"] == AREA, "value"].mean()
    targets = [target for target in TARGETS if (shares["target"] == target).any()]
    explainers = [name for name in TITLES if (shares["explainer"] == name).any()]
    figure = new_figure(FULL_WIDTH, 2.5)
    grid = figure.subplots(1, len(targets), sharey=True, squeeze=False)[0]
    for panel, letter, target in zip(grid, "abc", targets, strict=False):
        for group, explainer in enumerate(explainers):
            rows = shares[(shares["target"] == target) & (shares["explainer"] == explainer)].set_index("method")
            for rank, method in enumerate(methods):
                if method not in rows.index:
                    continue
                style, row = method_style(method, methods), rows.loc[method]
                panel.errorbar(
                    group + (rank - (len(methods) - 1) / 2) * 0.8 / len(methods),
                    100 * row["value"],
                    yerr=[[100 * (row["value"] - row["ci_low"])], [100 * (row["ci_high"] - row["value"])]],
                    color=style.colour,
                    marker=style.marker,
                    markersize=4,
                    elinewidth=0.9,
                    linestyle="",
                )
        panel.axhline(100 * area, color=INK, linewidth=0.8, linestyle=(0, (3, 1.5)))
        panel.set_xticks(
            range(len(explainers)), [TITLES[name].replace(" ", "\n", 1) for name in explainers], fontsize=6.3
        )
        panel.set(xlim=(-0.55, len(explainers) - 0.45), ylim=(0, None))
        panel.tick_params(axis="x", length=0)
        panel.yaxis.grid(True)
        panel_title(panel, letter, TARGETS[target])
    grid[0].set_ylabel("positive saliency on the word (%)")
    handles = method_handles(methods, lines=False)
    handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (3, 1.5)), label="share of the image"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), columnspacing=1.2, handlelength=1.6)
    return figure
