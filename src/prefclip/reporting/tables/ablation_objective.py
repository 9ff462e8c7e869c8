"""What each part of a method is worth."""

from prefclip.config.sweeps import SEED, GridPoint
from prefclip.reporting.leaf_inputs import OF_SWEEPS, decided_by, has_sweeps, sweep_predictions

ORDER, GROUP = 100, "ablations"
applies, reads = has_sweeps, sweep_predictions
settings = decided_by(*OF_SWEEPS)


def make(config, layout):
    """Each main method, then what is left of it without one of its parts, with the paired difference to it.

    Without weight averaging (its last iterate), without regulariser (λ = 0), and with another choice where a sweep
    varies one, such as the trained parameters.
    """
    from prefclip.reporting import sweep_numbers
    from prefclip.reporting.estimates import AVERAGED, REFERENCE
    from prefclip.reporting.sweep_table import sweep_table

    lines = [sweep_numbers.main_line(config, REFERENCE)]
    for method in config.methods:
        line = sweep_numbers.main_line(config, method)
        changed = [sweep_numbers.last_iterate(line)] if line.weights == AVERAGED else []
        choices: dict[str, GridPoint] = {}
        for point in config.grid_points:
            if point.method == method != point.name and _is_choice(point):
                choices.setdefault(point.name, point)
        changed += [sweep_numbers.point_line(config, point) for point in choices.values()]
        lines += [line, *(each for one in changed for each in (one, sweep_numbers.compared(one)))]
    return sweep_table(
        sweep_numbers.read_sweep_numbers(config, layout),
        config,
        "ablation_objective",
        lines,
        "What each part of a method is worth.",
        "Δ: paired difference to the method as it is in the main tables, on the same images and seeds.",
        "Method",
    )


def _is_choice(point: GridPoint) -> bool:
    """Whether a point leaves a part out or chooses another, rather than turning a number up or down."""
    return point.vary != SEED and (isinstance(point.value, bool | str) or point.value == 0)
