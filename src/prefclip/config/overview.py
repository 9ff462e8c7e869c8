"""Every key of a configuration with what it may be, its default and its meaning; for people."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from prefclip import methods, objectives
from prefclip.parameters import Described

TYPES = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text", "null": "null"}
BOUNDS = (("exclusiveMinimum", ">"), ("minimum", ">="), ("exclusiveMaximum", "<"), ("maximum", "<="))
ANY_NAME = "<name>"
MOST_SHOWN = 12  # values of a list


class Key(NamedTuple):
    """One key: what it may be, its default as text (None where there is none), and what it means."""

    name: str
    choices: str
    default: str | None
    required: bool
    meaning: str

    @property
    def allowed(self) -> str:
        """What it may be, with its default, in one line."""
        default = "" if self.default is None else f"; default {self.default}"
        return f"{self.choices}{default}{'; required' if self.required else ''}"


def overview(schema: dict[str, Any]) -> list[str]:
    """Return the lines of an overview: a block for each section of a JSON Schema, then the objectives' parameters."""
    lines: list[str] = []
    for name, about, rows in sections(schema):
        lines += ["", f"{name}: {about}"] if name else []
        width = max(len(key.name) for key in rows)
        indent = "  " if name else ""
        lines += [f"{indent}{key.name:{width}}  [{key.allowed}]  {key.meaning}".rstrip() for key in rows]
    for heading, _, leaves in described():
        lines += ["", f"{heading} and their parameters (methods.<name>.parameters):"]
        lines += [f"  {leaf.name}: {leaf.description}; {leaf.allowed}" for leaf in leaves]
    return lines


def described() -> Iterator[tuple[str, str, list[Described]]]:
    """Yield a heading, the key, and what it may name, of every choice that decides which parameters there are."""
    yield "Objectives", "objective", [objectives.settings_of(name) for name in objectives.names()]
    yield "Kinds", "kind", [methods.kind_of(name) for name in methods.configurable()]


def sections(schema: dict[str, Any]) -> Iterator[tuple[str, str, list[Key]]]:
    """Yield each section of a JSON Schema: dotted name, meaning, and its keys.

    The first one is the top, without a name; a mapping with free keys has ``<name>`` in its own.
    """
    yield from _sections("", schema, schema["$defs"])


def _sections(name: str, section: dict, parts: dict) -> Iterator[tuple[str, str, list[Key]]]:
    rows, inner = [], []
    for key, entry in section["properties"].items():
        described = {**_target(entry, parts), **entry}
        if "properties" in described:
            inner.append((f"{name}{key}", described))
        elif "properties" in _target(_values(described), parts):
            inner.append((f"{name}{key}.{ANY_NAME}", _target(_values(described), parts)))
        else:
            default = as_text(entry["default"]) if "default" in entry else None
            required = key in section.get("required", ())
            rows.append(Key(key, _allowed(described, parts), default, required, entry.get("description", "")))
    yield name.rstrip("."), section.get("description", ""), rows
    for label, described in inner:
        yield from _sections(f"{label}.", described, parts)


def _target(entry: dict, parts: dict) -> dict:
    """What a reference points to, also that of a section that may be left out; the entry itself where it is none."""
    entry = next((choice for choice in entry.get("anyOf", ()) if "$ref" in choice), entry)
    return parts[entry["$ref"].rsplit("/", 1)[1]] if "$ref" in entry else entry


def _values(entry: dict) -> dict:
    """The schema of the values of a mapping with free keys."""
    patterns = list(entry.get("patternProperties", {}).values())
    values = patterns[0] if patterns else entry.get("additionalProperties")
    return values if isinstance(values, dict) else {}


def _allowed(entry: dict, parts: dict) -> str:
    if "enum" in entry:
        return " | ".join(map(as_text, entry["enum"]))
    if "const" in entry:
        return as_text(entry["const"])
    if "anyOf" in entry:
        return " | ".join(_allowed(choice, parts) for choice in entry["anyOf"])
    if entry.get("type") == "array":
        return f"list of {_allowed(_target(entry.get('items', {}), parts), parts)}"
    if entry.get("type") == "object":
        return f"mapping to {_allowed(_values(entry), parts)}"
    bounds = " and ".join(f"{sign} {entry[bound]:g}" for bound, sign in BOUNDS if bound in entry)
    return " ".join(filter(None, [TYPES.get(entry.get("type", ""), "any value"), bounds]))


def as_text(value: Any) -> str:
    """Return a value as a configuration has it; of a long list the first few and the last."""
    if isinstance(value, list | tuple):
        shown = [*value[:3], "…", value[-1]] if len(value) > MOST_SHOWN else value
        return f"[{', '.join(map(as_text, shown))}]"
    return value if isinstance(value, str) else json.dumps(value)
