"""Which concepts of a gender set a map is trained on, and which it never sees an image of."""

from collections.abc import Sequence

import pandas as pd

from prefclip.preferences.pairs import PreferenceError
from prefclip.seeds import seed_for

TRAINED, HELD_OUT = "trained", "held_out"


def concept_parts(people: pd.DataFrame, dataset: str) -> dict[str, str]:
    """Assign half of the concepts of each kind to TRAINED and the others to HELD_OUT: name → part.

    ``people`` has the columns name and kind (occupations, activities). The choice depends on the data set's and the
    concepts' names alone. With an odd number the larger half is trained on.

    Raises PreferenceError if a kind has fewer than two concepts.
    """
    parts: dict[str, str] = {}
    for kind, rows in people.groupby("kind", sort=True, observed=True):
        names = _drawn(sorted(rows["name"].unique()), dataset)
        if len(names) < 2:
            raise PreferenceError(
                f"{dataset}: {kind} has only one concept, {names[0]!r}; two are needed to hold one out."
            )
        trained = (len(names) + 1) // 2
        parts |= {name: TRAINED if place < trained else HELD_OUT for place, name in enumerate(names)}
    return parts


def _drawn(names: Sequence[str], dataset: str) -> list[str]:
    return sorted(names, key=lambda name: seed_for(dataset, name, "held-out concept"))
