"""How hard each example pulls: the weight of its cross-entropies in the gradient of each loss, over its margin."""

from string import ascii_lowercase

from prefclip import objectives
from prefclip.reporting.leaf_inputs import decided_by
from prefclip.reporting.weighed_methods import losses_of, weighed_methods

CAPTION = (
    "How hard an example pulls, at the run's β: the weight, in the gradient of each loss, of its cross-entropy towards "
    "the true name and away from the written word (cross-entropy itself weighs every example 1). Over the margin h or, "
    "where a loss judges each name alone, over a name's reward above the reference point z₀. Thick: what the means of "
    "the batches passed in training, all seeds together; every example starts at 0. Histograms: single attacked test "
    "pictures after training, all seeds, under the averaged weights of a method that averages."
)
ORDER, GROUP = 42, "main"
COLUMNS, FURTHER, LEAST_REACH = 3, 1.3, 4.0
BINS, SHADE, SHOWN, FOOT, HEIGHT = 60, 0.4, 0.99, 0.8, 0.17  # of the histograms; the last two in heights of a panel

settings = decided_by("model.name", "data.train", "methods", "seeds")


def applies(config):
    return bool(weighed(config))


def weighed(config):
    """The preference methods whose loss says how it weighs examples."""
    return [name for name in weighed_methods(config) if config.methods[name].is_preference]


def reads(config, layout):
    logs = [layout.training_log(config.model.key, name, seed) for name in weighed(config) for seed in config.seeds]
    return [*logs, *(layout.embeddings(config.model.key, name) for name in ("clip", *weighed(config)))]


def leaves(config):
    return losses_of(config, weighed(config))


def draw(config, layout):
    """One panel per method: the exact curve, the part of it that training passed, where it ended, single pictures."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from prefclip.reporting.drawing.style import FULL_WIDTH, INK, method_style, new_figure, panel_title
    from prefclip.reporting.gradient_numbers import read_pair_gradients
    from prefclip.reporting.labels import method_label

    methods = weighed(config)
    found = read_pair_gradients(config, layout, methods)
    rows, columns = -(-len(methods) // COLUMNS), min(len(methods), COLUMNS)
    figure = new_figure(FULL_WIDTH, 1.9 * rows + 0.3)
    grid = figure.subplots(rows, columns, squeeze=False)
    for place, panel in enumerate(grid.flat):
        if place >= len(methods):
            panel.set_visible(False)
            continue
        name = methods[place]
        parameters = config.methods[name].all_parameters
        style = method_style(name, list(config.methods))
        pictures = pictures_of(config, name, found[name])
        draw_weights(panel, config, name, read_means(config, layout, name), pictures, style.colour)
        beta = f", β = {parameters['beta']:g}" if "beta" in parameters else ""
        panel_title(panel, ascii_lowercase[place], f"{method_label(name)}{beta}")
        panel.axhline(0, color=INK, linewidth=0.5)
        panel.grid(True)
        panel.set_ylabel("weight (per nat)" if place % columns == 0 else "")
    keys = {"color": INK, "linestyle": ""}
    handles = [
        Line2D([], [], color=INK, linewidth=3, label="passed in training"),
        Line2D([], [], marker="o", label="end, margin or true name", **keys),
        Patch(facecolor=INK, alpha=SHADE, label="pictures, margin or true name"),
        Line2D([], [], marker="v", label="end, written word", **keys),
        Patch(facecolor="none", edgecolor=INK, label="pictures, written word"),
    ]
    apart = any(judged_apart(config, name) for name in methods)
    figure.legend(handles=handles if apart else handles[:3], loc="outside upper center", ncols=3)
    return figure


def read_means(config, layout, method):
    """The running means over steps of a method's log, the mean of all seeds."""
    import pandas as pd

    from prefclip.reporting.drawing.training_curves import SMOOTHED_SHARE, read_training_log, running_mean

    logs = [read_training_log(layout.training_log(config.model.key, method, seed)) for seed in config.seeds]
    steps = pd.concat(logs).groupby("step").mean()
    return steps.apply(lambda column: running_mean(column.to_numpy(float), max(1, len(steps) // SMOOTHED_SHARE)))


def pictures_of(config, method, found):
    """The margins of single attacked test pictures, of all seeds; where a loss judges each name alone, both rewards."""
    import numpy as np

    rewards = [np.concatenate([getattr(each, name) for each in found]) for name in ("reward_true", "reward_written")]
    return rewards if judged_apart(config, method) else [rewards[0] - rewards[1]]


def judged_apart(config, method):
    """Whether the loss weighs two pairs of one margin differently, for their rewards have other heights."""
    loss, of = objectives.settings_of(config.methods[method].objective), config.methods[method].all_parameters
    return loss.example_weights(0.0, 0.0, 0.0, of) != loss.example_weights(1.0, 1.0, 0.0, of)


def draw_weights(panel, config, method, log, pictures, colour):
    """Draw a method's weights over the margin, or over each reward above z0; of training, where z0 was logged."""
    import numpy as np

    loss, of = objectives.settings_of(config.methods[method].objective), config.methods[method].all_parameters

    def true(reward):  # w of the true name, the other's reward being 0: for a loss of the margin, that of the margin
        return loss.example_weights(reward, 0.0 * reward, 0.0, of)[0]

    def written(reward):
        return loss.example_weights(0.0 * reward, reward, 0.0, of)[1]

    passed = [("o", true, log["margin"])]
    panel.set_xlabel("margin h (nats)")
    if judged_apart(config, method):
        known = of.get("reference_point") == "regulariser"
        rewards = (("o", true, "reward_true"), ("v", written, "reward_written")) if known else ()
        passed = [(mark, weight, log[column] - log["regulariser"]) for mark, weight, column in rewards]
        panel.set_xlabel("reward above z₀ (nats)")
    passed = [(mark, weight, values.to_numpy()) for mark, weight, values in passed if np.isfinite(values).all()]
    ends = [np.abs(values).max() for *_, values in passed] + [np.quantile(np.abs(each), SHOWN) for each in pictures]
    reach = max(LEAST_REACH, FURTHER * max(ends))
    x = np.linspace(-reach, reach, 401)
    panel.plot(x, true(x), color=colour)
    for mark, weight, values in passed:
        part = np.linspace(min(0.0, values.min()), max(0.0, values.max()), 101)
        panel.plot(part, weight(part), color=colour, linewidth=3, solid_capstyle="butt")
        panel.plot(values[-1], weight(values[-1]), mark, color=colour, markersize=6, markeredgecolor="white")
    draw_pictures(panel, pictures, reach, colour)


def draw_pictures(panel, values, reach, colour):
    """Draw histograms of single pictures above the curve: of margins, or of both rewards, the written one open."""
    import numpy as np

    low, high = panel.get_ylim()
    low = min(low, -0.05 * high)  # the axis of no weight is seen
    for each, shown in zip(values, ({"fill": True, "alpha": SHADE}, {}), strict=False):
        counts, edges = np.histogram(each, np.linspace(-reach, reach, BINS + 1))
        heights = FOOT + HEIGHT * counts / max(1, counts.max())
        panel.stairs(heights, edges, baseline=FOOT, transform=panel.get_xaxis_transform(), color=colour, **shown)
    panel.set_ylim(low, low + (high - low) / FOOT)
