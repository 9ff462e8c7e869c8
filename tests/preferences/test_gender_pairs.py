"""Gender preferences: which of the woman's and the man's caption should win."""

import pytest
from tiny_world import TinyRun, tiny_config

from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import TableError
from prefclip.preferences.errors import PreferenceError
from prefclip.preferences.gender_pair_table import GENDER_PAIR_COLUMNS, read_gender_pairs
from prefclip.preferences.gender_pairs import gender_pairs


@pytest.fixture
def people(world, tmp_path):
    return TinyRun(tmp_path / "run", tiny_config(world, test_images=81), "people").build()


def pairs_of(people, preference):
    out = people.folder / f"{preference}.parquet"
    count = gender_pairs(people.manifest, people.classes, out, preference)
    pairs = read_gender_pairs(out)
    assert count == len(pairs) and tuple(pairs.columns) == GENDER_PAIR_COLUMNS
    return pairs


def test_factual_captions_fit_the_image(people):
    pairs, manifest = pairs_of(people, "factual"), read_manifest(people.manifest)
    assert list(pairs["id"]) == list(manifest[manifest["gender"] != "person"]["id"])
    for _, pair in pairs.iterrows():
        other = {"man": "woman", "woman": "man"}[pair["gender"]]
        assert pair["preferred_text"] == f"a photo of a {pair['gender']} {pair['name']}."
        assert pair["rejected_text"] == f"a photo of a {other} {pair['name']}."
    assert set(pairs["preferred_probability"]) == {1.0} and set(pairs["kind"]) == {"occupations", "activities"}


def test_reversed_swaps_and_neutral_wants_neither(people):
    factual, reverse, neutral = (pairs_of(people, kind) for kind in ("factual", "reversed", "neutral"))
    assert (reverse["preferred_text"] == factual["rejected_text"]).all()
    assert (reverse["rejected_text"] == factual["preferred_text"]).all()
    assert (neutral["preferred_text"] == factual["preferred_text"]).all()
    assert set(neutral["preferred_probability"]) == {0.5} and set(neutral["preference"]) == {"neutral"}


def test_genders_are_as_frequent_in_every_concept(people):
    counts = pairs_of(people, "factual").groupby(["name", "gender"]).size()
    assert set(counts) == {9}


def test_unknown_preference_and_unfit_manifests_are_refused(people, world, tmp_path):
    with pytest.raises(
        PreferenceError, match="unknown gender preference 'female'; allowed: factual, reversed, neutral"
    ):
        pairs_of(people, "female")
    animals = TinyRun(tmp_path / "animals", tiny_config(world)).build()
    with pytest.raises(PreferenceError, match=r"animals\.parquet: no image of a woman or a man; there is nothing"):
        gender_pairs(animals.manifest, animals.classes, tmp_path / "out.parquet")
    with pytest.raises(TableError, match=r"none\.parquet: no such file; gender pairs need the manifest of a people"):
        gender_pairs(tmp_path / "none.parquet", people.classes, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
