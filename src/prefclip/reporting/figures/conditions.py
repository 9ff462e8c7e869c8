"""What tests look like: pictures under every condition of an attack, and under the same ink unreadable."""

from prefclip.reporting.leaf_inputs import decided_by, every_run
from prefclip.run.plan import SELECTED

CAPTION = (
    "Test pictures with their names as they are, under a word of each condition of the attack, and each time under "
    "the same ink so rearranged that it cannot be read."
)
ORDER, GROUP = 15, "main"
PICTURES = 4
NARROW = 15  # letters above a picture

applies = every_run
settings = decided_by("data.train", "data.real", "attack.conditions", *SELECTED)


def reads(config, layout):
    dataset = config.data.train
    return [*layout.attacked_set(dataset), layout.ink_images(dataset), layout.ink_manifest(dataset)]


def draw(config, layout):
    """One row per picture of the training set's test split, drawn by id: clean, then word and ink by condition."""
    from textwrap import fill

    import numpy as np

    from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC, under
    from prefclip.evaluation.zero_shot import read_scored_set
    from prefclip.reporting.drawing.parts import bare
    from prefclip.reporting.drawing.style import FULL_WIDTH, new_figure
    from prefclip.reporting.reading_table import CONDITION_LABELS
    from prefclip.seeds import seed_for

    dataset, conditions = config.data.train, config.attack.conditions
    shown = [under(kind, condition) for condition in conditions for kind in (TYPOGRAPHIC, INK)]
    found = read_scored_set(config, dataset, layout, "test", [CLEAN, *shown])
    names = found.parts[CLEAN][0]["id"].tolist()
    names = sorted(names, key=lambda name: seed_for(dataset, name, "conditions shown"))[:PICTURES]
    side = FULL_WIDTH / (1 + len(shown))
    figure = new_figure(FULL_WIDTH, side * len(names) + 0.45)
    grid = figure.subplots(len(names), 1 + len(shown), squeeze=False)
    for line, name in zip(grid, names, strict=True):
        for panel, images in zip(line, [CLEAN, *shown], strict=True):
            rows, pixels = found.parts[images]
            row = rows[rows["id"] == name].iloc[0]
            panel.imshow(np.asarray(pixels[row["row"]]), interpolation="none")
            bare(panel)
            if images == CLEAN:
                panel.set_ylabel(found.classes.names[int(row["label"])], fontsize=6.5)
    titles = ["clean", *(what for each in conditions for what in (CONDITION_LABELS[each], "its ink"))]
    for panel, title in zip(grid[0], titles, strict=True):
        panel.set_title(fill(title, NARROW, break_on_hyphens=False), loc="center", fontsize=6, pad=2)
    return figure
