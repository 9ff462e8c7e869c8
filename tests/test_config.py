"""Configurations: whatever is wrong is one message that names the file and the key, and says what is allowed."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefclip.config import Config, ConfigError, check_config, json_schema, method_names, read_config
from prefclip.objectives import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted((ROOT / "config").glob("*.yaml"))
SECTIONS = {name: field.annotation for name, field in Config.model_fields.items() if hasattr(field.annotation, "fields_set")}


def embedded() -> dict:
    return yaml.safe_load((ROOT / "config/embedded.yaml").read_text(encoding="utf-8"))


def changed(key: str, value: object) -> dict:
    """The default configuration with one dotted key set."""
    values = embedded()
    section = values
    *outer, last = key.split(".")
    for part in outer:
        section = section.setdefault(part, {})
    section[last] = value
    return values
