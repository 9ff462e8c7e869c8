"""Every embedded data set has a complete card, and the shipped files agree with it."""

from pathlib import Path

import pytest

from prefclip.datasets.card import dataset_card, role_in_run
from prefclip.datasets.card_files import UnknownDatasetError
from prefclip.datasets.emoji_scenes import EmojiWorld
from prefclip.datasets.families import families
from prefclip.datasets.registry import DATASETS, EMBEDDED_DATASETS
from prefclip.datasets.sources import check_sources

SHIPPED = Path(__file__).resolve().parents[2] / "resources/embedded"


@pytest.mark.parametrize("name", EMBEDDED_DATASETS)
def test_card_agrees_with_the_shipped_classes(name):
    card, shipped = EMBEDDED_DATASETS[name], EmojiWorld(SHIPPED)
    names = shipped.class_names(name)
    assert card.name == name and card.class_count == len(names) == len(set(names))
    assert all(shipped.rows_of(name, class_name) for class_name in names)
    assert card.family in families() and card.template.count("{}") == 1


def test_embedded_roles():
    roles = [card.role for card in EMBEDDED_DATASETS.values()]
    assert roles.count("train") == 1 and roles.count("zero-shot") >= 5 and EMBEDDED_DATASETS["people"].role == "bias"
    assert set(EMBEDDED_DATASETS) <= set(DATASETS)


def test_every_person_exists_in_all_genders_tones_and_styles():
    shipped = EmojiWorld(SHIPPED)
    people = shipped.sources[shipped.sources["dataset"] == "people"]
    cells = people.groupby(["style", "concept", "gender", "tone"]).size()
    assert set(cells) == {1}
    sizes = cells.groupby("style").size()
    whole = sizes[["twemoji", "noto", "fluent", "fluent-flat", "openmoji"]]
    assert set(whole) == {32 * 3 * 6}


def test_unknown_name_lists_the_allowed_ones():
    with pytest.raises(UnknownDatasetError, match="unknown data set 'animal'; allowed: activities, animals"):
        dataset_card("animal")


def test_role_follows_the_configuration(run):
    data = run.config.data.model_copy(update={"train": "food", "zero_shot": ("animals",), "bias": ("people",)})
    config = run.config.model_copy(update={"data": data})
    roles = {name: role_in_run(config, dataset_card(name)) for name in ("food", "animals", "people", "travel")}
    assert roles == {"food": "train", "animals": "zero-shot", "people": "bias", "travel": "zero-shot"}


def test_shipped_files_match_their_checksums():
    assert {"emoji.parquet", "classes.yaml"} <= set(check_sources(SHIPPED))


def test_shipped_files_have_licences_and_attribution():
    attribution = (SHIPPED / "ATTRIBUTION.md").read_text()
    for licence in ("CC-BY-4.0", "CC-BY-SA-4.0", "Apache-2.0", "MIT", "Unicode-3.0"):
        assert licence in attribution and (SHIPPED / "LICENSES" / f"{licence}.txt").stat().st_size > 1000
    assert (SHIPPED / "emoji.parquet").stat().st_size < 12_000_000
