"""What the run must show, and what it showed."""

from prefclip.config import Config
from prefclip.reporting.table_inputs import OF_METHODS, decided_by, every_run, method_predictions
from prefclip.run.files import RunFiles
from prefclip.table import Table

ORDER, GROUP = 2, "main"
reads = method_predictions
applies = every_run
settings = decided_by(*OF_METHODS, "data.train", "data.zero_shot")


def make(config: Config, layout: RunFiles) -> Table:
    from prefclip.reporting.requirements import requirements_table

    return requirements_table(config, layout, "main_results")
