"""Which methods have a loss that says how it weighs examples; light enough for the Snakefile to ask."""

from collections.abc import Sequence

from prefclip import objectives
from prefclip.config import Config


def weighed_methods(config: Config) -> list[str]:
    """Return the trained methods whose loss says how it weighs examples, in order."""
    trained = {name: method.objective for name, method in config.methods.items() if method.is_trained}
    return [name for name, loss in trained.items() if objectives.settings_of(loss).example_weights is not None]


def losses_of(config: Config, methods: Sequence[str]) -> list[str]:
    """Return the modules of the losses that methods are trained with."""
    return [f"prefclip.objectives.{config.methods[name].objective}" for name in methods]
