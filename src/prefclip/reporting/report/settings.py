"""Every key of the run's resolved configuration, with its meaning; the disputed ones with what both protocols say."""

from typing import Any, NamedTuple

from prefclip.config import Config, json_schema
from prefclip.config.overview import ANY_NAME, sections
from prefclip.config.protocols import PROTOCOLS

# Where the paper prints λ = 0.01 and the released scripts never pass λ to the loss (docs/protocols.md).
DISPUTED_PARAMETERS = {("ipo", "regulariser_weight"): ("0.01", "1"), ("kto", "regulariser_weight"): ("0.01", "1")}
PAPER, RELEASED = "paper", "released_code"


class Key(NamedTuple):
    """One key with its value, what it may be and what it means; ``protocols`` says what the two protocols set."""

    name: str
    value: str
    allowed: str
    meaning: str
    protocols: tuple[str, str] | None = None


class Section(NamedTuple):
    """Keys that belong together."""

    name: str
    about: str
    keys: list[Key]


def read_settings(config: Config) -> list[Section]:
    """Return all keys by section, as the run used them, but for its name; sections without any entry are left out."""
    values = {key: value for key, value in config.plain.items() if key != "experiment"}
    defaults = Config.model_validate({"methods": {}}).model_dump(mode="json")
    found = []
    for name, about, rows in sections(json_schema()):
        for place, held in _instances(name, values):
            keys = []
            for row in rows:
                if row.name in held:
                    protocols = _protocols(place, row.name, held, defaults)
                    # What other losses and kinds there are is nothing of the run.
                    allowed = "" if row.name in ("objective", "kind") else row.allowed
                    keys.append(Key(row.name, shown(held[row.name]), allowed, row.meaning, protocols))
            found.append(Section(place, about if name else "", keys))
    return [section for section in found if section.keys]


def _instances(name: str, values: dict) -> list[tuple[str, dict]]:
    """The places that a section's name stands for, with the values that they hold."""
    places: list[tuple[str, Any]] = [("", values)]
    for part in filter(None, name.split(".")):
        places = [
            (f"{place}.{key}".strip("."), held[key])
            for place, held in places
            if isinstance(held, dict)
            for key in (held if part == ANY_NAME else [part] if part in held else [])
        ]
    return [(place, held) for place, held in places if isinstance(held, dict)]


def _protocols(place: str, key: str, held: dict, defaults: dict) -> tuple[str, str] | None:
    released = PROTOCOLS[RELEASED].get(place, {})
    if key in released:
        return shown({**defaults.get(place, {}), **PROTOCOLS[PAPER].get(place, {})}[key]), shown(released[key])
    if key == "parameters":
        for name in held[key]:
            if (held.get("objective"), name) in DISPUTED_PARAMETERS:
                paper, code = DISPUTED_PARAMETERS[held["objective"], name]
                return f"{name} {paper}", f"{name} {code}"
    return None


def shown(value: Any) -> str:
    """A value as a person writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(entry)}" for key, entry in value.items()) or "none"
    return str(value)
