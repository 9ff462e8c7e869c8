"""Mean KL(reference‖model) per clean image."""

from prefclip.config import Config
from prefclip.reporting.table_inputs import ATTACKED_SETS, OF_METHODS, decided_by, every_run, method_predictions
from prefclip.run.files import RunFiles
from prefclip.table import Table

ORDER, GROUP = 4, "main"
reads = method_predictions
applies = every_run
settings = decided_by(*OF_METHODS, *ATTACKED_SETS)
CAPTION = "Retention: mean KL(reference‖model) per clean image (nats); lower keeps more of CLIP."


def make(config: Config, layout: RunFiles) -> Table:
    from prefclip.evaluation.metrics import CLEAN
    from prefclip.reporting.method_tables import method_table

    return method_table(config, layout, "retention", "retention_kl", (CLEAN,), CAPTION, differences=False)
