"""Accuracy of every method on clean and typographic images of every data set, with intervals."""

from prefclip.config import Config, method_names
from prefclip.reporting.labels import ZERO_SHOT_MEAN, column_groups, dataset_label, method_label
from prefclip.reporting.leaf_inputs import INTERVALS, SCORED, decided_by, every_run, method_predictions

CAPTION = (
    "Zero-shot accuracy on clean pictures (a), under ink that cannot be read (b) and under a written word (c). "
    "Bars: means over seeds; whiskers: {level} intervals over drawings and seeds; dashes in (c): the untouched CLIP "
    "on clean pictures, the level to win back."
)
ORDER, GROUP = 10, "main"
GROUP_WIDTH = 0.84
BLOCK_GAP = 0.35

applies, reads = every_run, method_predictions
settings = decided_by(*SCORED, "methods", "seeds", *INTERVALS)


def draw(config, layout):
    """Three panels, clean, ink and typographic; one group of bars per data set, one bar per method.

    Whiskers are the interval over drawings and seeds; the dashed line on typographic images is untouched CLIP's clean
    accuracy, the level to win back.
    """
    from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC
    from prefclip.reporting.drawing.style import FULL_WIDTH, method_style, new_figure, panel_title
    from prefclip.reporting.estimates import RAW, REFERENCE, headline_weights, read_estimates

    estimates = read_estimates(config, layout, datasets=config.attacked_datasets)
    methods = method_names(config)
    groups = column_groups(config)
    places = _places(config, list(groups))
    figure = new_figure(FULL_WIDTH, 5.2)
    panels = figure.subplots(3, 1, sharex=True, sharey=True)
    titles = {CLEAN: "Clean images", INK: "Under ink that cannot be read", TYPOGRAPHIC: "Under a written word"}
    width = GROUP_WIDTH / len(methods)
    for panel, letter, images in zip(panels, "abc", titles, strict=True):
        for rank, method in enumerate(methods):
            weights = headline_weights(config, method)
            shares = (estimates.of(method, weights, sets, images) for sets in groups.values())
            found = [estimates.estimate(samples, (0.0, 1.0)) for samples in shares]
            style = method_style(method, methods)
            panel.bar(
                [places[name] + (rank + 0.5) * width - GROUP_WIDTH / 2 for name in groups],
                [100 * number.value for number in found],
                width,
                yerr=[[100 * (one.value - one.low) for one in found], [100 * (one.high - one.value) for one in found]],
                label=method_label(method),
                facecolor=style.colour,
                edgecolor="black",
                hatch=style.hatch,
                linewidth=0.4,
                error_kw={"elinewidth": 0.7, "capsize": 1.3, "capthick": 0.7, "ecolor": "#222222"},
            )
        panel.set(ylabel="Top-1 accuracy (%)", ylim=(0, 104), yticks=range(0, 101, 20))
        panel.yaxis.grid(True)
        panel.tick_params(axis="x", length=0)
        panel_title(panel, letter, titles[images])
        if images == TYPOGRAPHIC:
            for name, sets in groups.items():
                level = 100 * float(estimates.of(REFERENCE, RAW, sets, CLEAN)[:, 0].mean())
                ends = places[name] - GROUP_WIDTH / 2 - 0.03, places[name] + GROUP_WIDTH / 2 + 0.03
                label = "CLIP on clean images" if name == config.data.train else None
                panel.hlines(level, *ends, colors="black", linestyles=(0, (3, 1.5)), linewidth=0.9, label=label)
        for name in [ZERO_SHOT_MEAN, *config.data.bias[:1]]:
            if name in places:
                panel.axvline(places[name] - (0.5 + BLOCK_GAP / 2), color="#BBBBBB", linewidth=0.6)
    panels[-1].set_xticks(list(places.values()), [_tick_label(config, name) for name in places])
    for name, label in zip(places, panels[-1].get_xticklabels(), strict=True):
        label.set_fontweight("bold" if name == ZERO_SHOT_MEAN else "normal")
    panels[-1].set_xlim(min(places.values()) - 0.6, max(places.values()) + 0.6)
    handles, labels = panels[-1].get_legend_handles_labels()
    # The level line comes first in what matplotlib collects; methods read better first.
    entries = sorted(zip(handles, labels, strict=True), key=lambda entry: entry[1] == "CLIP on clean images")
    figure.legend(*zip(*entries, strict=True), loc="outside upper center", ncols=len(labels), columnspacing=1.2)
    return figure


def _places(config: Config, names: list[str]) -> dict[str, float]:
    """Centres of the groups, with a gap between training set, zero-shot sets and gender sets; the mean comes first."""
    blocks = [[config.data.train], [ZERO_SHOT_MEAN, *config.data.zero_shot], list(config.data.bias)]
    places: dict[str, float] = {}
    centre = 0.0
    for block in blocks:
        for name in block:
            if name in names:
                places[name] = centre
                centre += 1.0
        centre += BLOCK_GAP
    return places


def _tick_label(config: Config, name: str) -> str:
    if name == ZERO_SHOT_MEAN:
        return "Zero-shot\nmean"
    role = {config.data.train: "\n(training set)"} | dict.fromkeys(config.data.bias, "\n(gender set)")
    return dataset_label(name) + role.get(name, "")
