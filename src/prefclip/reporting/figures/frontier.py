"""What is kept against what is won: every trial of the search for settings."""

from prefclip.reporting.labels import method_label, scopes_of
from prefclip.reporting.leaf_inputs import decided_by, has_trials

CAPTION = (
    "What accuracy under attack costs: every trial of every method on validation pictures of the zero-shot sets. "
    "Lines: the trials that no other one of the method beats in both; large marks: the chosen ones; cross: CLIP."
)
ORDER, GROUP = 190, "tuning"
applies = has_trials
settings = decided_by("data.train", "data.zero_shot", "trials")


def reads(config, layout):
    return [layout.table("tuning", "json")]


def draw(config, layout):
    """Two panels: accuracy under attack over the KL from CLIP (logarithmic), and over clean accuracy."""
    from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
    from prefclip.reporting.drawing.style import FULL_WIDTH, INK, method_style, new_figure, panel_title
    from prefclip.table import read_table

    scope, methods = list(scopes_of(config))[-1], list(config.methods)
    trials: dict = {}
    for number in read_table(layout.table("tuning", "json")).numbers:
        if number.keys["dataset"] == scope:
            trial = trials.setdefault((number.keys["method"], number.keys["trial"]), number.facts.copy())
            trial[number.keys["images"], number.keys["metric"]] = number.value * number.scale
    attacked, clip = (TYPOGRAPHIC, "accuracy"), trials["clip", ""]
    figure = new_figure(FULL_WIDTH, 2.8)
    panels = figure.subplots(1, 2, sharey=True)
    across = {"KL from CLIP per clean image (nats)": (CLEAN, "retention_kl"), "clean accuracy (%)": (CLEAN, "accuracy")}
    for panel, letter, (label, key) in zip(panels, "ab", across.items(), strict=True):
        cost = 1 if key[1] == "retention_kl" else -1
        for method in methods:
            style = method_style(method, methods)
            of_method = [own for (name, _), own in trials.items() if name == method]
            best = unbeaten([(cost * own[key], own[attacked]) for own in of_method])
            panel.plot([cost * each for each, _ in best], [accuracy for _, accuracy in best], color=style.colour)
            for own in of_method:
                marked = {"s": 46, "edgecolor": INK, "linewidth": 0.8, "zorder": 4, "label": method_label(method)}
                look = marked if own["chosen"] else {"s": 9, "linewidth": 0}
                panel.scatter(own[key], own[attacked], marker=style.marker, color=style.colour, **look)
        if cost > 0:
            panel.set_xscale("log")
            panel.axhline(clip[attacked], color=INK, linewidth=0.6, linestyle=":")
        else:
            panel.scatter(clip[key], clip[attacked], marker="x", color=INK, s=26, label=method_label("clip"))
        panel.set_xlabel(label)
        panel.grid(True)
        panel_title(panel, letter, "What was kept of CLIP" if cost > 0 else "Clean pictures")
    panels[0].set_ylabel("accuracy under attack (%)")
    panels[1].legend(loc="lower left")
    return figure


def unbeaten(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of points (cost, accuracy) those that none of lower or equal cost equals or beats, by rising cost."""
    kept: list[tuple[float, float]] = []
    for cost, accuracy in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or accuracy > kept[-1][1]:
            kept.append((cost, accuracy))
    return kept
