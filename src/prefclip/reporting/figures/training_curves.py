"""What training did, step by step: margin, rewards, distance from the reference, loss."""

from prefclip.reporting.leaf_inputs import decided_by
from prefclip.run.plan import trained_runs

CAPTION = "Preference term, regulariser, margin and rewards during training."
ORDER, GROUP = 40, "main"

settings = decided_by("methods", "seeds")


def applies(config):
    return bool(trained_runs(config))


def reads(config, layout):
    return [layout.training_log(*run) for run in trained_runs(config)]


def draw(config, layout):
    from prefclip.reporting.drawing.training_curves import draw_training_curves

    return draw_training_curves(config, layout)
