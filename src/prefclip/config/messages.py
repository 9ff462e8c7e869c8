"""What is wrong with a configuration: one clause for each wrong key, saying what is allowed."""

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from prefclip.config.sections import SectionError
from prefclip.errors import did_you_mean

LONGEST = 80  # characters of a value that are shown
# pydantic words its findings for programmers; these are for people who edit YAML. Others keep their wording.
_EXPECTED = {
    "dict_type": "expected a mapping of keys",
    "model_type": "expected a mapping of keys",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "string_type": "expected text",
    "string_too_short": "expected text",
    "too_short": "expected at least {min_length} item(s)",
    "too_long": "expected at most {max_length} item(s)",
}


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Return one clause for each finding of ``error`` about values for ``model``, joined by semicolons."""
    entries = [(_place(entry["loc"], model), entry) for entry in error.errors()]
    clauses = [
        _clause(place, entry, model)
        for place, entry in entries
        # A list whose items are wrong is also too short: the items say more.
        if entry["type"] != "too_short" or not any(other[: len(place)] == place != other for other, _ in entries)
    ]
    return "; ".join(dict.fromkeys(clauses))


def _clause(place: tuple, entry: dict, model: type[BaseModel]) -> str:
    where, kind = ".".join(map(str, place)), entry["type"]
    if kind == "extra_forbidden":
        allowed = list(_fields(model, place[:-1]))
        hint = did_you_mean(str(place[-1]), allowed)
        return f"unknown key {where!r}{f' ({hint})' if hint else ''}; allowed: {', '.join(allowed)}"
    if kind == "missing" and isinstance(place[-1], int):
        return f"{'.'.join(map(str, place[:-1]))}: expected at least {place[-1] + 1} item(s), got {entry['input']!r}"
    if kind == "missing":
        meaning = _fields(model, place[:-1])[place[-1]].description
        return f"key {where!r} is missing" + (f" ({meaning})" if meaning else "")
    if kind == "value_error":
        found = entry["ctx"]["error"]
        if isinstance(found, SectionError):
            return f"{found.where}: {explain(found.error, found.model)}"
        said = str(found).removesuffix(".")
        return f"{where}: {said}" if where else said
    if kind == "string_pattern_mismatch":
        expected = "expected letters, digits, _ and -, the first a letter or digit"
    elif place != entry["loc"] and isinstance(entry["loc"][-1], str) and entry["loc"][-1] != "[key]":
        expected = "expected a number or a word"
    else:
        expected = _EXPECTED.get(kind, entry["msg"].replace("Input should be", "must be"))
    got = repr(entry["input"])
    got = got if len(got) <= LONGEST else f"{got[:LONGEST]}…"
    return f"{where}: {expected.format(**entry.get('ctx', {}))}, got {got}"


def _place(location: tuple, model: type[BaseModel]) -> tuple:
    """The keys of ``location`` as a file has them: without the names of types that pydantic tried."""
    place, annotation = [], model
    for part in location:
        inner = _inside(annotation, part)
        if inner is None and (part == "[key]" or get_origin(annotation) in (Union, UnionType)):
            continue
        place.append(part)
        annotation = inner
    return tuple(place)


def _fields(model: type[BaseModel], place: Iterable) -> dict[str, FieldInfo]:
    """The keys of the section at ``place``."""
    annotation: Any = model
    for part in place:
        annotation = _inside(annotation, part)
    return annotation.model_fields


def _inside(annotation: Any, part: object) -> Any:
    """The type of what ``annotation`` holds at ``part``; None where it holds nothing of that name."""
    if get_origin(annotation) is Annotated:
        return _inside(get_args(annotation)[0], part)
    if get_origin(annotation) in (Union, UnionType):
        return next((found for kind in get_args(annotation) if (found := _inside(kind, part)) is not None), None)
    if get_origin(annotation) is dict and part != "[key]":
        return get_args(annotation)[1]
    if get_origin(annotation) in (tuple, list) and isinstance(part, int):
        return get_args(annotation)[0]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(part)
        return _without_null(field.annotation) if field is not None else None
    return None


def _without_null(annotation: Any) -> Any:
    """What a value may be where it may also be left out; pydantic does not name such a choice."""
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return kinds[0] if get_origin(annotation) in (Union, UnionType) and len(kinds) == 1 else annotation
