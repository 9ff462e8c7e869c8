"""The spectrum of WᵀW: what a direction of the embeddings is multiplied by, and how far that is from the identity."""

from prefclip.reporting.leaf_inputs import has_concepts

CAPTION = (
    "Spectrum of the trained maps (a): what each direction of the embeddings is multiplied by in the similarity, one "
    "line for each seed; where a line leaves the panel, directions are removed (factors below 0.05). Distance from the "
    "identity for each direction (b): bars are means over seeds, dots single seeds. “≈ n directions”: over how many "
    "directions the difference is spread (participation ratio of eigenvalues − 1)."
)
ORDER, GROUP = 70, "concepts"
ROW_HEIGHT = 0.19
MATRICES = ("shared", "similarity")
SMALLEST_SHOWN = 0.05
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 4)

applies = has_concepts


def reads(config, layout):
    return [layout.map_spectra, layout.map_distances]


def settings(config):
    return [f"concepts.{name}.concept" for name in config.concepts]


def draw(config, layout):
    """Two panels: (a) eigenvalues of WᵀW (singular values of W_TᵀW_I for separate maps) by rank, one line per seed; (b)
    the distance from the identity per direction, ‖WᵀW − I‖_F / √D.

    Lines leave the panel where values fall below SMALLEST_SHOWN.
    """
    from prefclip.evaluation.spectrum_table import read_distances, read_spectra
    from prefclip.reporting.drawing import style
    from prefclip.reporting.drawing.parts import LINES
    from prefclip.reporting.drawing.style import FULL_WIDTH, GREY, INK, new_figure, panel_title

    colours = (style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY, style.INK)
    maps = {name: name.replace("_", " ") for name in config.concepts}
    spectra, distances = read_spectra(layout.map_spectra), read_distances(layout.map_distances)
    figure = new_figure(FULL_WIDTH, max(2.6, 0.8 + ROW_HEIGHT * len(maps)))
    values, lengths = figure.subplots(1, 2, width_ratios=(1.5, 1))
    for place, (name, label) in enumerate(maps.items()):
        rows = spectra[(spectra["map"] == name) & spectra["matrix"].isin(MATRICES)]
        for order, (_, run) in enumerate(rows.groupby("seed", sort=True)):
            values.plot(
                run["rank"],
                run["eigenvalue"].clip(lower=SMALLEST_SHOWN / 10),  # a logarithm has no place for zero
                color=colours[place % len(colours)],
                linestyle=LINES[(place + place // len(colours)) % len(LINES)],
                label=label if order == 0 else None,
                alpha=1 if order == 0 else 0.5,
            )
    values.axhline(1, color=GREY, linewidth=0.7)
    values.set_yscale("log")
    top = max(2.0, float(spectra.loc[spectra["map"].isin(maps), "eigenvalue"].max()))
    values.set_ylim(SMALLEST_SHOWN, 1.25 * top)
    ticks = [tick for tick in TICKS if tick <= 1.25 * top]
    values.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    values.minorticks_off()
    values.set(xlabel="rank of the direction", ylabel="factor in the similarity")
    values.grid(True)
    values.margins(x=0.01)
    values.legend(loc="lower left", handlelength=2.4)
    panel_title(values, "a", "Spectrum of W$^T$W (identity: 1)")

    measured = distances[distances["matrix"].isin(MATRICES) & distances["map"].isin(maps)]
    for place, name in enumerate(maps):
        found = measured[measured["map"] == name]
        colour = colours[place % len(colours)]
        lengths.barh(place, found["relative_distance"].mean(), 0.6, facecolor=colour, alpha=0.35, edgecolor=INK, lw=0.4)
        lengths.plot(found["relative_distance"], [place] * len(found), "o", color=colour, markersize=3.2)
        spread = found["effective_directions"].mean()
        lengths.annotate(
            f"≈ {spread:.0f} direction{'' if round(spread) == 1 else 's'}",
            (found["relative_distance"].max(), place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=6,
        )
    lengths.set_yticks(range(len(maps)), list(maps.values()))
    lengths.invert_yaxis()
    lengths.tick_params(axis="y", length=0)
    lengths.set(xlim=(0, 1.6 * measured["relative_distance"].max()), xlabel="‖W$^T$W − I‖$_F$ / √D")
    lengths.grid(True, axis="x")
    panel_title(lengths, "b", "Distance from the identity")
    return figure
