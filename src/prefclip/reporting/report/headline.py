"""The first screen: what was run, and how it ended in a few numbers."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.reporting.drawing.style import method_style
from prefclip.reporting.estimates import REFERENCE, headline_weights
from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label, method_label
from prefclip.reporting.report.shown_tables import ReportError


@dataclass(frozen=True)
class Bar:
    """An accuracy with its interval, all in %."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """Value and half-width of the interval."""
        return f"{self.value:.1f} ±{(self.high - self.low) / 2:.1f}"


@dataclass(frozen=True)
class MethodLine:
    """One method of the drawing."""

    method: str
    label: str
    colour: str
    clean: Bar
    attacked: Bar


@dataclass(frozen=True)
class Fact:
    """A number that stands out, and what it says."""

    number: str
    text: str


@dataclass(frozen=True)
class Headline:
    """What the first screen shows; ``panels`` holds (title, lines) of the training set and of the zero-shot mean."""

    facts: list[Fact]
    panels: list[tuple[str, list[MethodLine]]]


def read_headline(config: Config, tables: str | Path) -> Headline:
    """Take the headline from ``typographic.csv`` and ``main_results.csv`` of ``tables``.

    Raises ReportError where a number is missing.
    """
    path = Path(tables) / "typographic.csv"
    try:
        frame = pd.read_csv(path)
        values = frame[frame["kind"] == "value"].set_index(["method", "weights", "dataset", "images"])
    except (OSError, ValueError, KeyError) as error:
        raise ReportError(f"{path}: not a table of this run ({error}); make it with `prefclip table`.") from error
    scopes = [config.data.train, *([ZERO_SHOT_MEAN] if config.data.zero_shot else [])]
    panels = [(_scope_title(config, scope), _lines(config, values, scope, path)) for scope in scopes]
    return Headline(_facts(panels, Path(tables) / "main_results.csv"), panels)


def _scope_title(config: Config, scope: str) -> str:
    if scope == ZERO_SHOT_MEAN:
        count = len(config.data.zero_shot)
        return f"zero-shot data, mean of {count} sets" if count > 1 else f"zero-shot data, {config.data.zero_shot[0]}"
    return f"{dataset_label(scope).lower()}, the training data"


def _lines(config: Config, values: pd.DataFrame, scope: str, path: Path) -> list[MethodLine]:
    lines = []
    for method in method_names(config):
        weights = headline_weights(config, method)
        try:
            clean, attacked = (values.loc[(method, weights, scope, images)] for images in (CLEAN, TYPOGRAPHIC))
        except KeyError as error:
            raise ReportError(f"{path}: has no accuracy of {method} on {scope}; make the table again.") from error
        colour = method_style(method, method_names(config)).colour
        lines.append(MethodLine(method, method_label(method), colour, _bar(clean), _bar(attacked)))
    return lines


def _bar(row: pd.Series) -> Bar:
    return Bar(100 * row["value"], 100 * row["ci_low"], 100 * row["ci_high"])


def _facts(panels: list[tuple[str, list[MethodLine]]], requirements: Path) -> list[Fact]:
    title, lines = panels[-1]
    untouched = next(line for line in lines if line.method == REFERENCE)
    tuned = [line for line in lines if line.method != REFERENCE]
    where = f"on {title}"
    facts = [
        Fact(
            f"{untouched.clean.value:.1f} → {untouched.attacked.value:.1f} %",
            f"CLIP's accuracy {where}, once a word is written on the pictures",
        )
    ]
    if tuned:
        best = max(tuned, key=lambda line: line.attacked.value)
        kept = max(tuned, key=lambda line: line.clean.value)
        facts += [
            Fact(f"{best.attacked.text} %", f"{best.label} is the best under attack {where}"),
            Fact(f"{kept.clean.text} %", f"{kept.label} keeps the most clean accuracy {where}"),
        ]
    if requirements.is_file():
        met = pd.read_csv(requirements, keep_default_na=False)["met"]
        asked = met[met != ""]
        if len(asked):
            facts.append(Fact(f"{(asked == 'yes').sum()} of {len(asked)}", "requirements of the run are met"))
    return facts
