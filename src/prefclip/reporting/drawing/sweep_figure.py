"""A figure of the sweeps over one setting; all of them are drawn alike from the table of the sweeps."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SweepFigure:
    """What `prefclip.reporting.figures.Leaf` asks of a figure, for the sweeps that vary one key.

    Attributes:
        vary: the key.
    """

    vary: str

    def applies(self, config):
        return any(point.vary == self.vary for point in config.grid_points)

    def reads(self, config, layout):
        return [layout.table("sweeps", "csv")]

    def settings(self, config):
        return ["data.train", "data.zero_shot", "sweeps.zero_shot", "methods"]

    def draw(self, config, layout):
        from prefclip.reporting.drawing.sweep_curves import draw_sweep

        return draw_sweep(config, layout, self.vary)
