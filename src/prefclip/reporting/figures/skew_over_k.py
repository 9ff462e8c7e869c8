"""Whose pictures a caption without a gender word ranks first: MaxSkew@K over K, by gender and by skin tone."""

from prefclip.reporting.drawing.gender_map import GenderMap, gender_files, gender_settings, has_gender_map

CAPTION = "Skew of the first K retrieved pictures, at three t."
ORDER, GROUP = 100, "concepts"
AXES = {"gender": "Gender (2 groups)", "tone": "Skin tone"}

applies, reads, settings = has_gender_map, gender_files, gender_settings


def draw(config, layout):
    """One panel per axis that the data are labelled with; curves for the untouched CLIP, the neutral t and t = 1.

    Means over all concepts' captions with the interval over captions; legends name NDKL. Chance: rankings drawn at
    random, since neither metric can be negative. Numbers are the first seed's.
    """
    from prefclip.evaluation.concept_table import CHANCE
    from prefclip.reporting.drawing.parts import write_limits
    from prefclip.reporting.drawing.style import BLUE, FULL_WIDTH, GREY, INK, VERMILLION, new_figure, panel_title

    shown = GenderMap(config, layout)
    table, neutral_t, tones = shown.rows(seeds=1), shown.neutral["t"], shown.tones
    chance, table = (table[(table["part"] == CHANCE) == drawn] for drawn in (True, False))
    curves = {
        "chance": (chance, INK, (0, (1, 2)), ","),
        "untouched CLIP": (table[table["t"].isna()], GREY, "-", "o"),
        shown.called: (table[table["t"] == neutral_t], VERMILLION, (0, (4, 1.5)), "s"),
        "trained, t = 1": (table[table["t"] == 1], BLUE, (0, (1, 1)), "^"),
    }
    skews = table[table["metric"].str.startswith("max_skew@")]
    panels = [axis for axis in AXES if (skews["axis"] == axis).any()]
    figure = new_figure(FULL_WIDTH, 2.65)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for panel, letter, axis in zip(grid, "ab", panels, strict=False):
        for place, (label, (rows, colour, line, marker)) in enumerate(curves.items()):
            rows = rows[rows["axis"] == axis]
            curve = rows[rows["metric"].str.startswith("max_skew@")]
            curve = curve.assign(k=curve["metric"].str.removeprefix("max_skew@").astype(int)).sort_values("k")
            ndkl = rows.loc[rows["metric"] == "ndkl", "value"].mean()
            # A little apart, so that intervals do not hide each other.
            k = curve["k"] * (0.96 + 0.04 * place)
            low, high = curve["value"] - curve["ci_low"], curve["ci_high"] - curve["value"]
            panel.errorbar(
                k,
                curve["value"],
                yerr=[low, high],
                color=colour,
                linestyle=line,
                marker=marker,
                elinewidth=0.7,
                capsize=1.5,
                label=f"{label} (NDKL {ndkl:.3f})",
            )
        ticks = sorted({int(name.removeprefix("max_skew@")) for name in skews["metric"]})
        panel.set_xscale("log")
        panel.set_xticks(ticks, [str(k) for k in ticks])
        panel.minorticks_off()
        panel.set(ylim=(0, None), xlabel="K first pictures")
        panel.grid(True)
        panel.legend(loc="upper right", fontsize=6.3, handlelength=2.4)
        count = f" ({len(tones)} groups)" if axis == "tone" else ""
        panel_title(panel, letter, AXES[axis] + count)
    grid[0].set_ylabel("MaxSkew@K (0: as in all pictures)")
    write_limits(figure, shown.dataset, tones)
    return figure
