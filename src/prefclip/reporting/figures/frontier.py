"""What is kept against what is won: every trial of the search for settings."""

from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label, method_label, scopes_of
from prefclip.reporting.leaf_inputs import decided_by, has_trials

CAPTION = (
    "What accuracy under attack costs: every trial of every method on validation pictures of the zero-shot sets, "
    "against the KL from CLIP (a) and clean accuracy (b). Large marks: the chosen trials; lines: those that no "
    "other trial of the method beats in both; dots: the untouched CLIP, whose KL is 0. Axes of accuracy are "
    "stretched towards 100 %."
)
ORDER, GROUP = 190, "tuning"
CHOSEN = {"s": 46, "edgecolor": "#222222", "linewidth": 0.8, "zorder": 4}
CLIP_LINE = {"color": "#222222", "linewidth": 0.8, "linestyle": ":"}
TICKS = (10, 20, 30, 40, 50, 60, 70, 80, 85, 88, 90, 92, 94, 96, 98, 99)

applies = has_trials
settings = decided_by("data.train", "data.zero_shot", "trials")


def reads(config, layout):
    return [layout.table("tuning", "json")]


def draw(config, layout):
    """Two panels: accuracy under attack over the KL from CLIP (logarithmic), and over clean accuracy."""
    from matplotlib.lines import Line2D

    from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
    from prefclip.reporting.drawing.parts import method_handles
    from prefclip.reporting.drawing.style import FULL_WIDTH, INK, method_style, new_figure, panel_title
    from prefclip.table import read_table

    scope, methods = list(scopes_of(config))[-1], list(config.methods)
    trials: dict = {}
    for number in read_table(layout.table("tuning", "json")).numbers:
        if number.keys["dataset"] == scope:
            trial = trials.setdefault((number.keys["method"], number.keys["trial"]), number.facts.copy())
            trial[number.keys["images"], number.keys["metric"]] = number.value * number.scale
    attacked, clip = (TYPOGRAPHIC, "accuracy"), trials["clip", ""]
    figure = new_figure(FULL_WIDTH, 3.1)
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
                look = CHOSEN if own["chosen"] else {"s": 9, "linewidth": 0}
                panel.scatter(own[key], own[attacked], marker=style.marker, color=style.colour, **look)
        panel.axhline(clip[attacked], **CLIP_LINE)
        if cost > 0:
            panel.set_xscale("log")
        else:
            panel.axvline(clip[key], **CLIP_LINE)
            _stretch(panel, "x", [own[key] for own in trials.values()])
        panel.set_xlabel(label)
        panel.grid(True)
        panel_title(panel, letter, "What was kept of CLIP" if cost > 0 else "Clean pictures")
    _stretch(panels[0], "y", [own[attacked] for own in trials.values()])
    sets = scopes_of(config)[scope]
    where = f"mean of {len(sets)} zero-shot sets" if scope == ZERO_SHOT_MEAN else dataset_label(scope)
    panels[0].set_ylabel(f"accuracy under attack (%)\n{where}")
    handles = method_handles(methods, lines=True)
    for handle in handles:
        handle.set(linestyle="-", markersize=6, markeredgecolor=INK)
    handles.append(Line2D([], [], label=method_label("clip"), **CLIP_LINE))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _stretch(panel, axis, percents):
    """Give an axis of accuracies room near 100 %, by the logarithm of what is missing to 101 %."""
    from numpy import log10

    low, high = min(percents), max(percents)
    ends = (low - 0.05 * (101 - low), min(100, high + 0.15 * (101 - high)))
    scale = (lambda share: -log10(101 - share), lambda place: 101 - 10**-place)
    ticks = [tick for tick in TICKS if ends[0] <= tick <= ends[1]]
    getattr(panel, f"set_{axis}scale")("function", functions=scale)
    panel.set(**{f"{axis}lim": ends, f"{axis}ticks": ticks})


def unbeaten(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of points (cost, accuracy) those that none of lower or equal cost equals or beats, by rising cost."""
    kept: list[tuple[float, float]] = []
    for cost, accuracy in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or accuracy > kept[-1][1]:
            kept.append((cost, accuracy))
    return kept
