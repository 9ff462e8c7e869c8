"""Sweeps: main methods trained again with one setting changed, and how their points are named.

A point is a method like the rows of the main tables: commands, rules and files treat it alike. Its name says what
differs from the main method, such as ``dpo-beta-0p1``; where nothing differs, the point *is* the main method.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from prefclip.config.methods import METHOD_KEYS, MethodConfig
from prefclip.config.sections import Distinct, Name, Section, SectionError, Seeds, as_number

Value = bool | int | float | str
SEED = "seed"
# How a key is called in the names of points.
SHORT_KEYS = {"regulariser_weight": "lambda", "learning_rate": "rate"}
SHORT_KEYS |= {"batch_size": "batch", "max_train_images": "images"}


class GridConfig(Section):
    """One sweep: each of its methods with one setting at each of its values."""

    vary: str = Field(description=f"{SEED}, {', '.join(METHOD_KEYS)}, or a parameter such as beta")
    methods: Annotated[tuple[Name, ...], Distinct] = Field(min_length=1, description="main methods that are varied")
    values: Annotated[tuple[Value, ...], Distinct] = Field(min_length=1, description="what the setting is changed to")
    fixed: dict[str, Value] = Field(default_factory=dict, description="settings that all points share")
    seeds: Seeds | None = Field(None, description="instead of the run's seeds")

    @field_validator("values", mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        return [as_number(value) for value in given] if isinstance(given, list | tuple) else given

    @model_validator(mode="after")
    def _consistent(self) -> "GridConfig":
        if self.vary in self.fixed:
            raise ValueError(f"fixed: {self.vary} is what the sweep varies; remove it here")
        if self.vary == SEED and self.seeds is not None:
            raise ValueError("seeds: a sweep over seeds takes them from its values; remove the key")
        return self


class SweepsConfig(Section):
    """Sweeps (`snakemake --cores all ablations`); their points are scored on the training set and a few others."""

    zero_shot: tuple[Name, ...] | None = Field(None, description="zero-shot sets that points are scored on; else all")
    grids: dict[Name, GridConfig] = Field(default_factory=dict, description="sweeps by name")


@dataclass(frozen=True)
class GridPoint:
    """One point of a sweep: its value of the key, and the settings and seeds of what is trained.

    ``method`` is the main method that is varied; ``name`` that of the trained one in paths and in the wildcard
    {method}, which is a main method where that is the same.
    """

    sweep: str
    vary: str
    value: Value
    method: str
    name: str
    settings: MethodConfig
    seeds: tuple[int, ...]


def expand(
    sweeps: SweepsConfig,
    methods: Mapping[str, MethodConfig],
    seeds: tuple[int, ...],
    shared: Mapping[str, Any],
    images: int | None,
) -> tuple[GridPoint, ...]:
    """Return the points of all sweeps, in the order of the configuration.

    ``shared``: the values of METHOD_KEYS where a method names none. ``images``: size of the training split, if known.
    Raises ValueError naming the key that is wrong and what is allowed.
    """
    points = [
        point for name, grid in sweeps.grids.items() for point in _points(name, grid, methods, seeds, shared, images)
    ]
    known = dict(methods)
    for point in points:
        if known.setdefault(point.name, point.settings) != point.settings:
            raise ValueError(
                f"sweeps.grids.{point.sweep}: its point {point.name!r} has the name of a method with other settings; "
                f"rename methods.{point.name if point.name in methods else point.method}"
            )
    return tuple(points)


def _points(
    name: str,
    grid: GridConfig,
    methods: Mapping[str, MethodConfig],
    seeds: tuple[int, ...],
    shared: Mapping[str, Any],
    images: int | None,
) -> Iterator[GridPoint]:
    where = f"sweeps.grids.{name}"
    plain = {each: _effective(settings, shared, images) for each, settings in methods.items()}
    for method in grid.methods:
        if method not in methods:
            raise ValueError(f"{where}.methods: unknown method {method!r}; allowed: {', '.join(methods) or 'none'}")
        main = methods[method]
        allowed = (*(METHOD_KEYS if main.is_trained else ()), *main.described.parameters)
        for key, place, choice in (
            (grid.vary, "vary", (SEED, *allowed)),
            *((key, "fixed", allowed) for key in grid.fixed),
        ):
            if key not in choice:
                raise ValueError(f"{where}.{place}: {method} has no setting {key!r}; allowed: {', '.join(choice)}")
        for value in grid.values:
            if grid.vary == SEED:
                if isinstance(value, bool | str) or value != int(value) or value < 0:
                    raise ValueError(f"{where}.values: a seed is a whole number >= 0, got {value!r}")
                changes, its_seeds = dict(grid.fixed), (int(value),)
            else:
                changes, its_seeds = {**grid.fixed, grid.vary: value}, grid.seeds or seeds
            settings = _changed(main, changes, where)
            settings.check_builds_on(where, methods)
            effective = _effective(settings, shared, images)
            if images is not None and (settings.max_train_images or 0) > images:
                place = "values" if grid.vary == "max_train_images" else "fixed"
                raise ValueError(f"{where}.{place}: {settings.max_train_images} images, but training has only {images}")
            same = next((each for each in (method, *methods) if plain[each] == effective), None)
            differing = {key: value for key, value in sorted(effective.items()) if plain[method].get(key) != value}
            yield GridPoint(
                sweep=name,
                vary=grid.vary,
                value=its_seeds[0] if grid.vary == SEED else effective[grid.vary],
                method=method,
                name=same or "-".join([method, *(_label(*change) for change in differing.items())]),
                # Only what differs is named, so that equal points of two sweeps are one.
                settings=methods[same] if same else _changed(main, differing, where),
                seeds=its_seeds,
            )


def _changed(settings: MethodConfig, changes: Mapping[str, Value], where: str) -> MethodConfig:
    values = settings.model_dump()
    for key, value in changes.items():
        (values if key in METHOD_KEYS else values["parameters"])[key] = value
    try:
        return MethodConfig.model_validate(values)
    except ValidationError as error:
        raise SectionError(where, error, MethodConfig) from error


def _effective(settings: MethodConfig, shared: Mapping[str, Any], images: int | None) -> dict[str, Any]:
    """All that decides a method's weights, defaults spelt out: equal methods give equal mappings."""
    if not settings.is_trained:
        return {"kind": settings.kind, **settings.all_parameters}
    own = {key: value for key in METHOD_KEYS if (value := getattr(settings, key)) is not None}
    found = {**shared, **own, **settings.all_parameters}
    return {"objective": settings.objective, **found, "max_train_images": found["max_train_images"] or images}


def _label(key: str, value: Value) -> str:
    return f"{SHORT_KEYS.get(key, key)}-{_word(value)}"


def _word(value: Value) -> str:
    """A value as part of a name: 0.05 → 0p05, true → on; different values give different words."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    return repr(float(value)).removesuffix(".0").replace(".", "p").replace("+", "")
