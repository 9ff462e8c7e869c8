"""What a word costs every method: accuracy lost on each data set, and under each condition of the attack."""

from prefclip.config import method_names
from prefclip.reporting.labels import column_groups, dataset_label, method_label, scopes_of
from prefclip.reporting.leaf_inputs import INTERVALS, SCORED, decided_by, every_run, method_predictions

CAPTION = (
    "What a written word costs: clean minus attacked accuracy of the same method, in points, means over seeds (darker "
    "is worse; below 0 the word helps). (a) Words painted as in training, by data set; beside it the training set and "
    "the mean of the zero-shot sets, by condition: methods are trained on “painted” alone."
)
ORDER, GROUP = 18, "main"
ROW_HEIGHT = 0.2
NARROW = 21  # letters of a line below a column

applies, reads = every_run, method_predictions
settings = decided_by(*SCORED, "methods", "seeds", *INTERVALS)


def draw(config, layout):
    """Heat maps, one row per method: columns are data sets, then conditions on the training set and zero-shot."""
    from textwrap import fill

    from matplotlib.colors import LinearSegmentedColormap
    from seaborn import heatmap

    from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC, under
    from prefclip.reporting.drawing.style import FULL_WIDTH, WRITTEN_WORD, new_figure, panel_title
    from prefclip.reporting.estimates import headline_weights, read_estimates
    from prefclip.reporting.reading_table import CONDITION_LABELS

    estimates = read_estimates(config, layout, datasets=config.attacked_datasets)
    methods, conditions = method_names(config), config.attack.conditions

    def cost(method, sets, images):
        own = method, headline_weights(config, method), sets
        clean, attacked = (estimates.of(*own, each)[:, 0].mean() for each in (CLEAN, images))
        return round(100 * float(clean - attacked)) + 0.0  # never "-0"

    panels = {"By data set": {dataset_label(name): (sets, TYPOGRAPHIC) for name, sets in column_groups(config).items()}}
    for scope, sets in scopes_of(config).items() if len(conditions) > 1 else ():
        panels[dataset_label(scope)] = {CONDITION_LABELS[each]: (sets, under(TYPOGRAPHIC, each)) for each in conditions}
    colours = LinearSegmentedColormap.from_list("cost", ["white", WRITTEN_WORD])
    figure = new_figure(FULL_WIDTH, 1.75 + ROW_HEIGHT * len(methods))
    widths = [len(columns) for columns in panels.values()]
    grid = figure.subplots(1, len(panels), width_ratios=widths, squeeze=False)[0]
    for panel, letter, (title, columns) in zip(grid, "abc", panels.items(), strict=False):
        heatmap(
            [[cost(method, *place) for place in columns.values()] for method in methods],
            vmin=0,
            vmax=100,
            cmap=colours,
            cbar=False,
            annot=True,
            fmt=".0f",
            annot_kws={"fontsize": 6.5},
            linewidths=0.5,
            xticklabels=[fill(name, NARROW) for name in columns],
            yticklabels=[method_label(method) for method in methods] if panel is grid[0] else [],
            ax=panel,
        )
        panel.tick_params(length=0, labelrotation=0)
        panel.tick_params(axis="x", labelrotation=90, labelsize=6.5)
        panel_title(panel, letter, title)
    bar = figure.colorbar(grid[0].collections[0], ax=list(grid), pad=0.01, aspect=12, shrink=0.9)
    bar.set_label("accuracy lost to the word\n(percentage points)")
    bar.outline.set_visible(False)
    return figure
