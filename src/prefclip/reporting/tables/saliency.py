"""How much of what speaks for a name lies on the written word."""

from prefclip.config import Config, method_names
from prefclip.reporting.table_inputs import INTERVALS, decided_by
from prefclip.run.files import RunFiles
from prefclip.table import Table

ORDER, GROUP = 7, "main"
settings = decided_by("model.name", "methods", *INTERVALS)


def applies(config: Config) -> bool:
    return config.saliency is not None


def reads(config: Config, layout: RunFiles) -> list[str]:
    return [layout.saliency(config.model.key, method) for method in method_names(config)]


def make(config: Config, layout: RunFiles) -> Table:
    from prefclip.reporting.saliency_table import saliency_table

    return saliency_table(config, layout, "saliency")
