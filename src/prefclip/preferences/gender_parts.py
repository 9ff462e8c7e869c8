"""Which pictures of a gender set a map is trained on, which choose its t, and which it is judged by."""

import pandas as pd

from prefclip.preferences.errors import PreferenceError
from prefclip.seeds import seed_for

TRAINING, SELECTION = "training", "selection"
SEEN_CONCEPTS, HELD_OUT_CONCEPTS = "seen_concepts", "held_out_concepts"
UNUSED = "unused"

TRAINING_POOL_SHARE = 0.75
SELECTION_SHARE = 0.2


def gender_parts(people: pd.DataFrame, dataset: str) -> pd.Series:
    """Give every picture its part, as a series of names with the index of ``people``.

    Half of the concepts of each kind (occupations, activities) are trained on. Of these, TRAINING pictures train the
    map and SELECTION pictures choose the neutral t; SEEN_CONCEPTS are test pictures of the same concepts,
    HELD_OUT_CONCEPTS those of concepts that no picture was trained on, and the rest is UNUSED. Test pictures are those
    of the manifest's split ``test`` if it has a split ``train`` too, and a drawn quarter otherwise.

    ``people`` has the columns id, split, name and kind. Every choice is drawn from names and ids alone. Raises
    PreferenceError if nothing is left to train on or to choose t with.
    """
    seen = seen_concepts(people, dataset)
    if (people["split"] == "train").any():
        trains, tests = people["split"] == "train", people["split"] == "test"
    else:
        trains = people["id"].map(lambda identity: _share(dataset, identity, "pool") < TRAINING_POOL_SHARE)
        tests = ~trains
    selects = people["id"].map(lambda identity: _share(dataset, identity, "selection") < SELECTION_SHARE)
    known = people["name"].isin(seen)
    parts = pd.Series(UNUSED, index=people.index)
    parts[trains & known & ~selects] = TRAINING
    parts[trains & known & selects] = SELECTION
    parts[tests & known] = SEEN_CONCEPTS
    parts[tests & ~known] = HELD_OUT_CONCEPTS
    for part in (TRAINING, SELECTION):
        if not (parts == part).any():
            raise PreferenceError(f"{dataset}: {len(people)} pictures leave none for {part}; use more of them.")
    return parts


def seen_concepts(people: pd.DataFrame, dataset: str) -> set[str]:
    """The half of the concepts of each kind that is trained on; the larger half where the number is odd."""
    seen: set[str] = set()
    for _, rows in people.groupby("kind", sort=True, observed=True):
        names = sorted(rows["name"].unique(), key=lambda name: _share(dataset, name, "concept"))
        seen |= set(names[: (len(names) + 1) // 2])
    return seen


def _share(dataset: str, name: str, purpose: str) -> float:
    """A number in [0, 1) drawn from the names alone."""
    return seed_for(dataset, name, "gender parts", purpose) / 2**63
