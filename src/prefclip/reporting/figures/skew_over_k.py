"""Whose pictures a caption without a gender word ranks first: MaxSkew@K over K, by gender and by skin tone."""

from prefclip.reporting.drawing.gender_map import GenderMap, gender_files, gender_settings, has_gender_map

CAPTION = (
    "Skew of the first K pictures that captions without a gender word retrieve, at three t of the first seed: "
    "MaxSkew@K, the logarithm of the most favoured group's share among them over its share of all pictures, and "
    "NDKL, the same for whole rankings. Means over captions, {level} intervals over captions; chance: rankings at "
    "random, since neither can be negative."
)
ORDER, GROUP = 100, "concepts"
AXES = {"gender": "Gender (2 groups)", "tone": "Skin tone"}

applies, reads, settings = has_gender_map, gender_files, gender_settings


def draw(config, layout):
    """One panel per axis that the data are labelled with; curves for the untouched CLIP, the neutral t and t = 1.

    Means over all concepts' captions with the interval over captions; legends name NDKL. Chance: rankings drawn at
    random, since neither metric can be negative. Numbers are the first seed's.
    """
    from pandas import concat

    from prefclip.evaluation.concept_table import CHANCE
    from prefclip.reporting.drawing.facets import draw_facets
    from prefclip.reporting.drawing.parts import style_handle, write_limits
    from prefclip.reporting.drawing.style import (
        BLUE,
        FULL_WIDTH,
        GREY,
        INK,
        VERMILLION,
        MethodStyle,
        new_figure,
        panel_title,
    )

    shown = GenderMap(config, layout)
    table, neutral_t, tones = shown.rows(seeds=1), shown.neutral["t"], shown.tones
    chance, table = (table[(table["part"] == CHANCE) == drawn] for drawn in (True, False))
    curves = {
        "chance": (chance, MethodStyle(INK, "", "", (0, (1, 2)))),
        "untouched CLIP": (table[table["t"].isna()], MethodStyle(GREY, "", "o", "-")),
        shown.called: (table[table["t"] == neutral_t], MethodStyle(VERMILLION, "", "s", (0, (4, 1.5)))),
        "trained, t = 1": (table[table["t"] == 1], MethodStyle(BLUE, "", "^", (0, (1, 1)))),
    }
    rows = concat(rows.assign(group=label) for label, (rows, _) in curves.items())
    skews = rows[rows["metric"].str.startswith("max_skew@")]
    skews = skews.assign(k=skews["metric"].str.removeprefix("max_skew@").astype(int))
    depths = sorted(skews["k"].unique())
    points = skews.assign(place=skews["k"].map(depths.index), column=skews["axis"], row="").sort_values("place")
    styles = {label: style for label, (_, style) in curves.items()}
    panels = [axis for axis in AXES if (skews["axis"] == axis).any()]
    figure = new_figure(FULL_WIDTH, 2.65)
    (grid,) = draw_facets(figure, points, styles, panels)
    for panel, letter, axis in zip(grid, "ab", panels, strict=False):
        ndkl = rows[(rows["axis"] == axis) & (rows["metric"] == "ndkl")].groupby("group")["value"].mean()
        handles = [style_handle(style, f"{label} (NDKL {ndkl[label]:.3f})") for label, style in styles.items()]
        panel.legend(handles=handles, loc="upper right", fontsize=6.3, handlelength=2.4)
        panel.set_xticks(range(len(depths)), [str(k) for k in depths])
        panel.set(ylim=(0, None), xlabel="K first pictures")
        count = f" ({len(tones)} groups)" if axis == "tone" else ""
        panel_title(panel, letter, AXES[axis] + count)
    grid[0].set_ylabel("MaxSkew@K (0: as in all pictures)")
    write_limits(figure, shown.dataset, tones)
    return figure
