"""Accuracy of every method on clean (O) and typographic (T) images of every data set: the paper's Table 1."""

from prefclip.config import Config
from prefclip.reporting.table_inputs import ATTACKED_SETS, OF_METHODS, decided_by, every_run, method_predictions
from prefclip.run.files import RunFiles
from prefclip.table import Table

ORDER, GROUP = 1, "main"
reads = method_predictions
applies = every_run
settings = decided_by(*OF_METHODS, *ATTACKED_SETS)
CAPTION = "Zero-shot top-1 accuracy (%) on clean (O) and typographic (T) images."


def make(config: Config, layout: RunFiles) -> Table:
    from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
    from prefclip.reporting.method_tables import method_table

    return method_table(config, layout, "typographic", "accuracy", (CLEAN, TYPOGRAPHIC), CAPTION)
