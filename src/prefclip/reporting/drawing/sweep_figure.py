"""A figure of the sweeps over one setting; all of them are drawn alike from the table of the sweeps."""

from prefclip.reporting.leaf_inputs import decided_by

KEY = (
    " Values stand at equal distances, methods a little apart. Bars: {level} intervals over drawings, and over seeds "
    "where a point has several; rings: settings of the main tables; dashes: the untouched CLIP."
)


def sweep_figure(vary):
    """Return `applies`, `reads`, `settings` and `draw` of a figure (`figures.Leaf`) of the sweeps that vary one key."""

    def applies(config):
        return any(point.vary == vary for point in config.grid_points)

    def reads(config, layout):
        return [layout.table("sweeps", "csv")]

    def draw(config, layout):
        from prefclip.reporting.drawing.sweep_curves import draw_sweep

        return draw_sweep(config, layout, vary)

    return applies, reads, decided_by("data.train", "data.zero_shot", "sweeps.zero_shot", "methods"), draw
