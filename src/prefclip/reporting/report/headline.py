"""The first screen: what was run, and how it ended in a few numbers."""

from pathlib import Path
from typing import NamedTuple

from prefclip.config import Config, method_names
from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC
from prefclip.reporting.comparisons import sentences
from prefclip.reporting.drawing.style import method_style
from prefclip.reporting.estimates import REFERENCE, headline_weights
from prefclip.reporting.labels import ZERO_SHOT_MEAN, dataset_label, method_label, scopes_of
from prefclip.reporting.table_views import shown_parts
from prefclip.run.files import RunFiles
from prefclip.table import VALUE, Table, read_table


class Bar(NamedTuple):
    """An accuracy with its interval, all in %, and as text."""

    value: float
    low: float
    high: float
    text: str


class MethodLine(NamedTuple):
    """One method of the drawing."""

    method: str
    label: str
    colour: str
    clean: Bar
    ink: Bar
    attacked: Bar


class Headline(NamedTuple):
    """What the first screen shows.

    ``facts``: numbers that stand out, and what each says. ``verdicts``: who beats whom beyond doubt. ``panels``:
    (title, lines) of the training set and of the zero-shot mean.
    """

    facts: list[tuple[str, str]]
    verdicts: list[str]
    panels: list[tuple[str, list[MethodLine]]]


def read_headline(config: Config, layout: RunFiles) -> Headline:
    """Take the headline from the tables ``typographic``, ``main_results`` and ``comparisons`` of a run.

    Raises TableFileError where one is damaged or a number is missing.
    """
    table = read_table(layout.table("typographic", "json"))
    scopes = list(scopes_of(config))
    panels = [(_scope_title(config, scope), _lines(config, table, scope)) for scope in scopes]
    found = {name: Path(layout.table(name, "json")) for name in ("main_results", "comparisons")}
    requirements, compared = (read_table(path) if path.is_file() else None for path in found.values())
    return Headline(_facts(panels, scopes[-1], requirements), sentences(compared) if compared else [], panels)


def _scope_title(config: Config, scope: str) -> str:
    if scope == ZERO_SHOT_MEAN:
        count = len(config.data.zero_shot)
        return f"zero-shot data, mean of {count} sets" if count > 1 else f"zero-shot data, {config.data.zero_shot[0]}"
    return f"{dataset_label(scope).lower()}, the training data"


def _lines(config: Config, table: Table, scope: str) -> list[MethodLine]:
    lines = []
    for method in method_names(config):
        keys = {"method": method, "weights": headline_weights(config, method), "kind": VALUE, "dataset": scope}
        numbers = [table.number(**keys, images=images) for images in (CLEAN, INK, TYPOGRAPHIC)]
        bars = (Bar(100 * n.value, 100 * n.low, 100 * n.high, " ±".join(shown_parts(n))) for n in numbers)
        colour = method_style(method, method_names(config)).colour
        lines.append(MethodLine(method, method_label(method), colour, *bars))
    return lines


def _facts(panels: list[tuple[str, list[MethodLine]]], scope: str, requirements: Table | None) -> list[tuple[str, str]]:
    title, lines = panels[-1]
    untouched = next(line for line in lines if line.method == REFERENCE)
    tuned = [line for line in lines if line.method != REFERENCE]
    fallen = f"{untouched.clean.value:.1f} → {untouched.attacked.value:.1f} %"
    facts = [(fallen, f"CLIP's accuracy on {title}, once a word is written on the pictures")]
    if requirements:
        keys = {"method": REFERENCE, "requirement": "reading_share", "scope": scope}
        # There is no share where CLIP loses nothing.
        shares = [each for each in requirements.numbers if keys.items() <= each.keys.items() and each.value is not None]
        says = "of that loss is reading; the rest is ink that says nothing"
        facts += [(f"{' ±'.join(shown_parts(share))} %", says) for share in shares]
    if tuned:
        best = max(tuned, key=lambda line: line.attacked.value)
        kept = max(tuned, key=lambda line: line.clean.value)
        facts += [
            (f"{best.attacked.text} %", f"{best.label} is the best under attack on {title}"),
            (f"{kept.clean.text} %", f"{kept.label} keeps the most clean accuracy on {title}"),
        ]
    asked = [number.facts["met"] for number in requirements.numbers if number.facts["met"]] if requirements else []
    if asked:
        facts.append((f"{asked.count('yes')} of {len(asked)}", "requirements of the run are met"))
    return facts
