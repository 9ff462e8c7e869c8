"""Gender over t: recognised, neutral or turned around, and whether people's occupations and activities survive it."""

from prefclip.reporting.drawing.gender_map import GenderMap, gender_files, gender_settings, has_gender_map

CAPTION = (
    "Gender recognised, neutral and turned around over the power t of a map, on test pictures: mean probability of "
    "the own gender's word (a), the same for women and men on concepts that were trained on (b), and the share of "
    "occupations and activities recognised (c). Lines: means over seeds; bands: {level} intervals. Vertical: CLIP, "
    "trained map (dashed) and the t nearest to neutral (grey)."
)
ORDER, GROUP = 80, "concepts"
NEUTRAL, BAND = (45, 55), "#E4E4E4"  # per cent
UNTOUCHED = {"linewidth": 0.9, "linestyle": (0, (1, 1.5))}

applies, reads, settings = has_gender_map, gender_files, gender_settings


def draw(config, layout):
    """Three panels over t, on test pictures: (a) probability of the own gender's word, (b) the same for women and men,
    (c) share of concepts recognised. The neutral t that is marked is the first seed's.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS
    from prefclip.reporting.drawing.curves import (
        draw_curve,
        mark_untouched_and_trained,
        rows_of,
        untouched,
    )
    from prefclip.reporting.drawing.parts import write_limits
    from prefclip.reporting.drawing.style import BLUE, FULL_WIDTH, GREEN, GREY, ORANGE, PURPLE, new_figure, panel_title

    shown = GenderMap(config, layout)
    table, neutral = shown.rows(), shown.neutral
    figure = new_figure(FULL_WIDTH, 3.1)
    gender, apart, concepts = figure.subplots(1, 3)
    for part, label, colour, line in (
        (SEEN_CONCEPTS, "concepts trained on", BLUE, "-"),
        (HELD_OUT_CONCEPTS, "held-out concepts", ORANGE, (0, (4, 1.5))),
    ):
        if not (table["part"] == part).any():
            continue
        where = {"part": part, "axis": "all"}
        draw_curve(gender, rows_of(table, metric="probability_true", **where), colour, label, line)
        draw_curve(concepts, rows_of(table, metric="concept_accuracy", **where), colour, label, line)
        level = 100 * untouched(table, metric="concept_accuracy", **where)
        concepts.hlines(level, *table["t"].agg(["min", "max"]), colors=colour, **UNTOUCHED)
    for group, colour, line in (("woman", PURPLE, "-"), ("man", GREEN, (0, (4, 1.5)))):
        rows = rows_of(table, metric="probability_true", part=SEEN_CONCEPTS, axis="gender", group=group)
        draw_curve(apart, rows, colour, f"pictures of a {group}", line)
    for panel in (gender, apart):
        panel.axhspan(*NEUTRAL, color=BAND, zorder=0)
        panel.axhline(50, color=GREY, linewidth=0.6)
        panel.set_ylabel("mean probability (%)")
    concepts.set_ylabel("recognised (%)")
    panel_title(gender, "a", "Own gender's word")
    panel_title(apart, "b", "The same by gender")
    panel_title(concepts, "c", "Occupation or activity")
    for panel in (gender, apart, concepts):
        panel.grid(True, axis="x")
        panel.set_ylim(0, 100)
        panel.margins(x=0.01)
        mark_untouched_and_trained(panel)
        panel.axvspan(neutral["low"], neutral["high"], color=GREY, alpha=0.12, linewidth=0, zorder=0)
        panel.axvline(neutral["t"], color=GREY, linewidth=0.9)
    handles = [*gender.get_legend_handles_labels()[0], *apart.get_legend_handles_labels()[0]]
    handles += [
        Line2D([], [], color=GREY, **UNTOUCHED, label="untouched CLIP, in (c)"),
        Patch(facecolor=BAND, label="neutral: 50 ± 5 %"),
        Line2D([], [], color=GREY, linewidth=0.9, label=f"{shown.called} (first seed)"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, handlelength=2.2)
    write_limits(figure, shown.dataset, shown.tones)
    return figure
