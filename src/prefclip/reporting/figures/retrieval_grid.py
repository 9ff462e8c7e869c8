"""Whose pictures come first: the best matches of a caption without a gender word, at three t."""

from prefclip.reporting.drawing.gender_map import GenderMap, gender_settings, has_gender_map

CAPTION = (
    "Whose pictures come first for captions without a gender word, best matches on the left, at three t of the "
    "first seed; frames say what a picture is labelled."
)
ORDER, GROUP = 110, "concepts"
COLUMNS = ("t", "query", "rank", "row", "gender")
SHOWN = 10
QUERIES_PER_KIND = 2

applies, settings = has_gender_map, gender_settings


def reads(config, layout):
    shown = GenderMap(config, layout)
    stack = [layout.images(shown.dataset), layout.classes(shown.dataset)]
    return [layout.retrieval(*shown.runs[0]), *shown.people_files, *stack]


def draw(config, layout):
    """One row per caption and t (0, neutral, 1), the first SHOWN pictures from left to right, framed by their label."""
    import numpy as np
    from matplotlib.patches import Patch

    from prefclip.datasets.class_lists import read_classes
    from prefclip.datasets.image_stacks import open_images
    from prefclip.datasets.parquet_tables import read_table
    from prefclip.reporting.drawing.curves import named_scale
    from prefclip.reporting.drawing.nested_figure import nested_figure
    from prefclip.reporting.drawing.parts import write_limits
    from prefclip.reporting.drawing.style import FULL_WIDTH, GREEN, PURPLE

    people = GenderMap(config, layout)
    ranks = read_table(layout.retrieval(*people.runs[0]), COLUMNS, "sweep the map again")
    classes, kinds = read_classes(layout.classes(people.dataset)), people.kinds
    images = open_images(layout.images(people.dataset))
    queries = []
    for kind in sorted(set(kinds.values())):
        queries += [name for name in classes.names if kinds.get(name) == kind][:QUERIES_PER_KIND]
    frames = {"woman": PURPLE, "man": GREEN}
    scales = {"CLIP": 0.0, "neutral": people.neutral["t"], "trained": 1.0}
    shown = min(SHOWN, int(ranks["rank"].max()))
    figure = nested_figure(FULL_WIDTH, 0.75 + len(queries) * (0.22 + len(scales) * (FULL_WIDTH - 1.3) / shown * 1.02))
    parts = figure.subfigures(len(queries), 1, squeeze=False)[:, 0]
    for part, query in zip(parts, queries, strict=True):
        part.suptitle(f"“{classes.template.format(query)}”", fontsize=7.5, x=0.02, ha="left")
        grid = part.subplots(len(scales), shown, squeeze=False)
        for line, (name, t) in zip(grid, scales.items(), strict=True):
            chosen = ranks[(ranks["query"] == query) & np.isclose(ranks["t"], t)].sort_values("rank").head(shown)
            for axes, (_, row) in zip(line, chosen.iterrows(), strict=False):
                axes.imshow(images[row["row"]], interpolation="none")
                axes.spines[:].set(visible=True, color=frames[row["gender"]], linewidth=1.6)
            for axes in line:
                axes.set(xticks=[], yticks=[])
            line[0].set_ylabel(f"{name}\n{named_scale(t)}", fontsize=6.2, rotation=0, ha="right", va="center")
    handles = [
        Patch(facecolor="white", edgecolor=colour, linewidth=1.6, label=f"labelled {g}") for g, colour in frames.items()
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2)
    write_limits(figure, people.dataset, people.tones)
    return figure
