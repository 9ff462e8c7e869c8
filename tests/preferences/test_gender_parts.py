"""Which pictures of people a map is trained on, and which it is judged by."""

import itertools

import pandas as pd
import pytest

from prefclip.preferences.errors import PreferenceError
from prefclip.preferences.gender_parts import (
    HELD_OUT_CONCEPTS,
    SEEN_CONCEPTS,
    SELECTION,
    TRAINING,
    UNUSED,
    gender_parts,
    seen_concepts,
)

NAMES = {"occupations": ["judge", "cook", "pilot", "farmer"], "activities": ["running", "walking", "golfing"]}


def people(splits=("test",), each=40):
    rows = [
        {"id": f"people-{split}-{name}-{place:03d}", "split": split, "name": name, "kind": kind}
        for kind, names in NAMES.items()
        for name, split, place in itertools.product(names, splits, range(each))
    ]
    return pd.DataFrame(rows)


def test_half_of_the_concepts_of_each_kind_are_seen():
    seen = seen_concepts(people(), "people")
    assert [len(seen & set(names)) for names in NAMES.values()] == [2, 2]


@pytest.mark.parametrize("splits", [("test",), ("train", "validation", "test")])
def test_no_held_out_concept_and_no_test_picture_is_trained_on(splits):
    table = people(splits)
    parts = gender_parts(table, "people")
    seen = seen_concepts(table, "people")
    fitting = table[parts.isin([TRAINING, SELECTION])]
    assert set(fitting["name"]) == seen
    assert set(table[parts == HELD_OUT_CONCEPTS]["name"]) == set(table["name"]) - seen
    assert set(table[parts == SEEN_CONCEPTS]["name"]) == seen
    if "train" in splits:
        assert set(fitting["split"]) == {"train"}
        assert set(table[parts.isin([SEEN_CONCEPTS, HELD_OUT_CONCEPTS])]["split"]) == {"test"}
        assert (parts[table["split"] == "validation"] == UNUSED).all()
    else:
        assert 0.5 < (parts[table["name"].isin(seen)] == TRAINING).mean() < 0.7


def test_parts_depend_on_names_and_ids_alone():
    table = people()
    shuffled = table.sample(frac=1, random_state=0)
    assert gender_parts(shuffled, "people").sort_index().equals(gender_parts(table, "people"))
    fewer = table[table.index % 3 > 0]
    assert gender_parts(fewer, "people").equals(gender_parts(table, "people")[fewer.index])


def test_too_few_pictures_are_refused():
    with pytest.raises(PreferenceError, match=r"people: 1 pictures leave none for \w+; use more of them"):
        gender_parts(people().head(1), "people")
