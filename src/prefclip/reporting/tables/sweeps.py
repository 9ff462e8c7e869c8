"""Every point of every sweep."""

from prefclip.reporting.leaf_inputs import OF_SWEEPS, decided_by, has_sweeps, sweep_predictions
from prefclip.table import VALUE

ORDER, GROUP = 110, "ablations"
applies, reads = has_sweeps, sweep_predictions
settings = decided_by(*OF_SWEEPS)


def make(config, layout):
    """Points in the order of the sweeps; last iterates and differences to the main methods in the tidy view alone."""
    from prefclip.reporting import sweep_numbers
    from prefclip.reporting.estimates import AVERAGED, REFERENCE, headline_weights
    from prefclip.reporting.sweep_table import sweep_table

    lines = [sweep_numbers.main_line(config, REFERENCE)]
    for name in config.sweeps.grids:
        for line in [sweep_numbers.point_line(config, point) for point in config.grid_points if point.sweep == name]:
            lines.append(line)
            if line.weights == AVERAGED:
                lines.append(sweep_numbers.last_iterate(line))
            if line.method != line.main:
                lines.append(sweep_numbers.compared(line))
        lines += [line for line in sweep_numbers.seed_means(config) if line.sweep == name]
    shown = [line for line in lines if line.kind == VALUE and line.weights == headline_weights(config, line.method)]
    return sweep_table(
        sweep_numbers.read_sweep_numbers(config, layout),
        config,
        "sweeps",
        shown,
        "Every point of every sweep.",
        "The CSV file also has last iterates and differences to the main methods.",
        "Point",
        further=[line for line in lines if line not in shown],
    )
