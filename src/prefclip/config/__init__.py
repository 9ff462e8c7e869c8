"""The one way to read configuration: typed models that also produce the JSON Schema of the Snakefile.

Nothing here imports a data set: who reads a configuration hands in what is known of them.
"""

import importlib
from typing import TYPE_CHECKING

from prefclip.config.experiment import (
    EMBEDDED_MODELS,
    RANDOM,
    ZERO_SHOT_MEAN,
    Config,
    EvaluationConfig,
    ModelConfig,
    method_names,
)
from prefclip.config.methods import MethodConfig
from prefclip.config.pictures import DataConfig
from prefclip.config.sections import ConfigError

if TYPE_CHECKING:
    from prefclip.config.reading import check_config, json_schema, read_config

__all__ = [
    "EMBEDDED_MODELS",
    "RANDOM",
    "ZERO_SHOT_MEAN",
    "Config",
    "ConfigError",
    "DataConfig",
    "EvaluationConfig",
    "MethodConfig",
    "ModelConfig",
    "check_config",
    "json_schema",
    "method_names",
    "read_config",
]


def __getattr__(name: str) -> object:
    # What reads configurations is loaded when it is asked for: no result depends on the wording of its messages.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.reading"), name)
