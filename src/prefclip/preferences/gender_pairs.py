"""Gender preferences: on an image of a woman doing X, which of the woman's and the man's caption should win."""

from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa

from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.parquet_tables import read_table, write_table
from prefclip.preferences.errors import PreferenceError
from prefclip.preferences.gender_pair_table import PEOPLE_COLUMNS

GenderPreference = Literal["factual", "reversed", "neutral"]
OTHER_GENDER = {"woman": "man", "man": "woman"}


def gender_pairs(
    manifest: str | Path, classes: str | Path, out: str | Path, preference: GenderPreference = "factual"
) -> int:
    """Write one pair of captions per image of a woman or a man, in the order of rows; returns their number.

    The captions put "woman X" and "man X" into the data set's template. ``preferred_probability`` is how often the
    preferred one should win: 1, or ½ for neutral, where the factual caption is called preferred. Images of a person of
    no stated gender give no pair. Raises TableError or ClassListError for an input that is missing, damaged, or has no
    kinds and genders; PreferenceError for an unknown preference or nothing to pair; OutputError where ``out`` cannot be
    written.
    """
    if preference not in get_args(GenderPreference):
        allowed = ", ".join(get_args(GenderPreference))
        raise PreferenceError(f"unknown gender preference {preference!r}; allowed: {allowed}.")
    template = read_classes(classes).template
    people = read_table(manifest, PEOPLE_COLUMNS, "gender pairs need the manifest of a people data set")
    people = people[people["gender"].isin(list(OTHER_GENDER))].sort_values("row", ignore_index=True)
    if not len(people):
        raise PreferenceError(f"{manifest}: no image of a woman or a man; there is nothing to pair.")
    shown = list(zip(people["gender"], people["name"], strict=True))
    factual = [template.format(f"{gender} {name}") for gender, name in shown]
    contrary = [template.format(f"{OTHER_GENDER[gender]} {name}") for gender, name in shown]
    preferred, rejected = (contrary, factual) if preference == "reversed" else (factual, contrary)
    pairs = people[list(PEOPLE_COLUMNS)].assign(
        preference=preference,
        preferred_text=preferred,
        rejected_text=rejected,
        preferred_probability=0.5 if preference == "neutral" else 1.0,
    )
    write_table(out, pa.Table.from_pandas(pairs, preserve_index=False))
    return len(pairs)
