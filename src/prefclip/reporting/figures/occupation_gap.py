"""Which word a concept leans to: the probability gap of every occupation and activity, before and at the neutral t."""

from prefclip.reporting.drawing.gender_map import GenderMap, gender_files, gender_settings, has_gender_map

CAPTION = (
    "Which gender's word every occupation and activity leans to: mean probability of the own gender's word, of its "
    "men − of its women, before (open) and at the t nearest to neutral (filled, with its {level} interval). "
    "Italics: concepts that the map was not trained on; chance: the mean size of gaps with genders dealt anew."
)
ORDER, GROUP = 90, "concepts"
ROW_HEIGHT = 0.135

applies, reads, settings = has_gender_map, gender_files, gender_settings


def draw(config, layout):
    """One dumbbell per concept, a panel per kind, sorted by the untouched CLIP's gap.

    The gap is the mean probability of the own gender's word over the concept's men − over its women: right of 0 the
    concept leans to "man". Open circles: untouched CLIP; filled: the map at the neutral t, with its interval.
    Numbers are the first seed's. Held-out concepts are in italics.
    """
    import numpy as np
    from matplotlib.lines import Line2D

    from prefclip.evaluation.concept_table import CHANCE
    from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS
    from prefclip.reporting.drawing.parts import write_limits
    from prefclip.reporting.drawing.style import BLUE, FAINT, FULL_WIDTH, INK, VERMILLION, new_figure, panel_title

    shown = GenderMap(config, layout)
    table, kinds, neutral_t = shown.rows(seeds=1), shown.kinds, shown.neutral["t"]
    chance = table[(table["part"] == CHANCE) & (table["metric"] == "absolute_gap")]
    gaps = table[(table["metric"] == "probability_gap") & (table["axis"] == "concept")]
    before, after = (rows.set_index("group") for rows in (gaps[gaps["t"].isna()], gaps[gaps["t"] == neutral_t]))
    names = [name for name in before.sort_values("value").index if name in after.index and name in kinds]
    panels = sorted({kinds[name] for name in names})
    longest = max(sum(kinds[name] == kind for name in names) for kind in panels)
    figure = new_figure(FULL_WIDTH, 1.15 + ROW_HEIGHT * longest)
    grid = figure.subplots(1, len(panels), sharex=True, squeeze=False)[0]
    for axes, letter, kind in zip(grid, "abcdef", panels, strict=False):
        own = [name for name in names if kinds[name] == kind]
        for place, name in enumerate(own):
            first, second = before.loc[name], after.loc[name]
            axes.plot([second["ci_low"], second["ci_high"]], [place, place], color=FAINT, linewidth=2.6, zorder=1)
            axes.plot([first["value"], second["value"]], [place, place], color=INK, linewidth=0.7, zorder=2)
            axes.plot(first["value"], place, "o", color="white", markeredgecolor=BLUE, markersize=4, zorder=3)
            axes.plot(second["value"], place, "o", color=VERMILLION, markersize=4, zorder=4)
        axes.axvline(0, color=INK, linewidth=0.6)
        axes.set_yticks(range(len(own)), own, fontsize=6.2)
        for label, name in zip(axes.get_yticklabels(), own, strict=True):
            label.set_style("italic" if after.loc[name, "part"] == HELD_OUT_CONCEPTS else "normal")
        axes.set_ylim(-0.7, len(own) - 0.3)
        axes.tick_params(axis="y", length=0)
        axes.set(xlim=(-1, 1), xticks=[-1, -0.5, 0, 0.5, 1])
        axes.set_xlabel("← “woman”    gap in probability    “man” →")
        axes.grid(True, axis="x")
        sizes = [np.abs(rows.loc[own, "value"]).mean() for rows in (before, after)]
        dealt = chance.loc[chance["group"] == kind, "value"].mean()
        title = f"{kind.capitalize()}\nmean |gap| {sizes[0]:.2f} → {sizes[1]:.2f} (chance {dealt:.2f})"
        panel_title(axes, letter, title)
    handles = [
        Line2D([], [], marker="o", linestyle="", color="white", markeredgecolor=BLUE, label="untouched CLIP"),
        Line2D([], [], marker="o", linestyle="", color=VERMILLION, label=f"{shown.called} (first seed)"),
        Line2D([], [], color=FAINT, linewidth=2.6, label="its interval over drawings"),
        Line2D([], [], linestyle="", label="held-out concept"),
    ]
    legend = figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    legend.get_texts()[-1].set_style("italic")
    write_limits(figure, shown.dataset, shown.tones)
    return figure
