"""Rows of the tables of the sweeps: lines of numbers in the same columns, each block about one main method."""

from collections.abc import Sequence

from prefclip.config import Config
from prefclip.reporting.labels import dataset_label
from prefclip.reporting.sweep_numbers import MEASURED, SweepLine, SweepNumbers
from prefclip.reporting.traced import Numbers
from prefclip.table import DIFFERENCE, VALUE, Row, Table

# Headings of what is measured in each scope.
HEADINGS = dict(zip(MEASURED, ("clean", "attacked", "word read", "KL"), strict=True))


def sweep_table(
    measured: SweepNumbers,
    config: Config,
    name: str,
    shown: Sequence[SweepLine],
    title: str,
    note: str,
    corner: str,
    further: Sequence[SweepLine] = (),
) -> Table:
    """The table of the lines ``shown``; numbers of ``further`` lines stand in its tidy view alone."""
    numbers, rows, previous = Numbers(), [], None
    for line in shown:
        several = f" ({len(line.seeds)} seeds)" if len(line.seeds) > 1 and line.kind == VALUE else ""
        quiet, above = line.kind == DIFFERENCE, line.main != previous
        rows.append(Row(label=line.label + several, cells=measured.add(numbers, line), quiet=quiet, rule_above=above))
        previous = line.main
    for line in further:
        measured.add(numbers, line)
    header = [(dataset_label(scope), heading) for scope in measured.scopes for heading in HEADINGS.values()]
    return numbers.table(name, _caption(config, title, note), header, rows, corner)


def _caption(config: Config, title: str, note: str) -> str:
    level = f"{100 * config.evaluation.confidence:g} %"
    sets = ", ".join(dataset_label(name) for name in config.sweep_datasets[1:])
    others = f" The zero-shot mean is over {sets}." if sets else ""
    return (
        f"{title} Accuracy (%) on clean and attacked images; word read: attacked images called by the written word "
        f"(%); KL: mean KL(reference‖model) per clean image (nats).{others} ± half-width of the {level} interval: "
        f"bootstrap over drawings and spread over seeds; rows of one seed say nothing of other seeds. {note}"
    )
