"""What training did, step by step: margin, rewards, distance from the reference, loss."""

from prefclip.reporting.leaf_inputs import decided_by
from prefclip.run.plan import trained_runs

CAPTION = (
    "Preference margin (a), rewards of true name and written word (b), distance from CLIP (c) and loss (d) during "
    "training. Lines: running means over steps, averaged over seeds; bands: from the lowest to the highest seed. CE "
    "stands in (d) alone: it is trained without a reference model, which the others are measured against. The distance "
    "starts at 0, below the logarithmic axis."
)
ORDER, GROUP = 40, "main"

settings = decided_by("methods", "seeds")


def applies(config):
    return bool(trained_runs(config))


def reads(config, layout):
    return [layout.training_log(*run) for run in trained_runs(config)]


def draw(config, layout):
    from prefclip.reporting.drawing.training_curves import draw_training_curves

    return draw_training_curves(config, layout)
