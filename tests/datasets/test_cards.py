"""Cards: one file is one data set, strictly read, and only those that are asked for."""

import re
from dataclasses import fields

import pytest
import yaml

from prefclip.datasets import card_files
from prefclip.datasets.card import DECISIVE_KEYS, Card, dataset_card, decisive_values, own_card
from prefclip.datasets.card_files import (
    CARDS,
    CardError,
    UnknownDatasetError,
    dataset_names,
    dataset_title,
    word_removed,
)
from prefclip.datasets.families import reader_of
from prefclip.datasets.registry import DATASETS, DOWNLOADED_DATASETS, EMBEDDED_DATASETS

SHELF = {
    "title": "Shelf",
    "role": "zero-shot",
    "family": "class_folders",
    "route": "manual",
    "folder": "shelf",
    "splits": {"test": 4},
    "source": "a shelf",
    "licence": "CC0-1.0",
    "classes": {"a_cup": "cup", "b_book": "book"},
}


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """`cards(**changes)` writes the card of a set called shelf into a folder that holds nothing else."""
    monkeypatch.setattr(card_files, "CARDS", tmp_path)

    def write(text: str | None = None, **changes):
        values = {key: value for key, value in {**SHELF, **changes}.items() if value is not None}
        (tmp_path / "shelf.yaml").write_text(text or yaml.safe_dump(values, sort_keys=False))
        card_files.parsed_card.cache_clear()

    return write


def test_a_data_set_is_one_file(cards):
    cards()
    card = dataset_card("shelf")
    assert list(DATASETS) == list(DOWNLOADED_DATASETS) == dataset_names() == ["shelf"] and not EMBEDDED_DATASETS
    assert (card.name, card.classes, card.folders) == ("shelf", ("cup", "book"), ("a_cup", "b_book"))
    assert (card.class_count, card.name_count, card.obtained) == (2, 2, "manual")
    assert dataset_title("shelf") == "Shelf" and dataset_title("no card") == "no card" and not word_removed("shelf")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"titel": "x"}, r"unknown key 'titel' \(did you mean 'title'\?\); allowed: title, role, .*classes\."),
        ({"folders": ["a"], "classes": ["b"]}, "unknown key 'folders'"),
        ({"name": "desk"}, "unknown key 'name'"),
        ({"title": None}, "key 'title' is missing"),
        ({"role": "toy"}, r"role: input should be 'train', .*, got 'toy'"),
        ({"splits": {"dev": 3}}, r"splits\.dev.*'validation' or 'test', got 'dev'"),
        ({"splits": {"test": "many"}}, r"splits\.test: .*valid integer.*, got 'many'"),
        ({"template": "a photo"}, "template: 'a photo' must hold {} once"),
        ({"classes": [1, 2]}, r"classes.*valid string, got 1"),
        ({"mirrors": [{"adress": "x"}]}, r"unknown key 'mirrors\.0\.adress' \(did you mean 'address'"),
        ({"archives": [{"url": "x"}]}, r"key 'archives\.0\.path' is missing"),
    ],
)
def test_a_wrong_card_names_file_and_key(cards, changes, complaint):
    cards(**changes)
    with pytest.raises(CardError, match=rf"shelf\.yaml: {complaint}"):
        dataset_card("shelf")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title: a\ntitle: b\n", "the key 'title' occurs twice"),
        ("classes: {a: x, a: y}\n", "the key 'a' occurs twice"),
        ("- a\n", "expected a mapping of keys, got list"),
        ("title: [\n", "not a readable YAML file"),
        ("? [a, b]\n: c\n", "not a readable YAML file"),
    ],
)
def test_a_card_that_is_no_yaml_mapping_is_named(cards, text, complaint):
    cards(text)
    with pytest.raises(CardError, match=rf"shelf\.yaml: .*{complaint}"):
        dataset_card("shelf")


def test_an_unknown_family_lists_those_that_there_are(cards):
    cards(family="shelves")
    with pytest.raises(CardError, match="data set shelf: unknown family 'shelves'; allowed: class_folders, "):
        reader_of(dataset_card("shelf"))


def test_only_the_card_that_is_asked_for_is_read(cards, tmp_path):
    cards()
    (tmp_path / "broken.yaml").write_text("titel: x\n")
    assert dataset_card("shelf").title == DATASETS["shelf"].title == "Shelf"
    with pytest.raises(CardError, match=r"broken\.yaml"):
        dict(DATASETS)


def test_only_what_decides_bytes_is_decisive(cards):
    cards()
    before = decisive_values(dataset_card("shelf"))
    described = {"title": "x", "notes": ["x"], "licence": "x", "citation": "x", "source": "x", "word_count": 3}
    values = {"template": "{}", "folder": "x", "classes": {"a_cup": "mug", "b_book": "book"}, "inside": "x"}
    for key, value in {**described, **values}.items():
        cards(**{key: value})
        card_files.parsed_card.cache_clear()
        dataset_card.__globals__["_checked"].cache_clear()
        assert (decisive_values(dataset_card("shelf")) == before) == (key in described), key
    assert set(before) == {*DECISIVE_KEYS, "classes"}


def test_every_card_is_formatted_alike():
    """Keys stand in one order, so that two cards can be compared."""
    order = [field.name for field in fields(Card)]
    for path in sorted(CARDS.glob("*.yaml")):
        keys = re.findall(r"^(\w+):", path.read_text(encoding="utf-8"), re.M)
        assert keys == sorted(keys, key=order.index), path.name


def test_own_sets_stand_beside_the_known_ones():
    own = {"shelf": own_card("shelf", "pictures/shelf", "a picture of a {}.")}
    card = dataset_card("shelf", own)
    assert (card.obtained, card.template, card.title) == ("own", "a picture of a {}.", "shelf")
    assert dataset_card("food", own) == DATASETS["food"]
    with pytest.raises(UnknownDatasetError, match="unknown data set 'self'; allowed: shelf, "):
        dataset_card("self", own)
    with pytest.raises(CardError, match=r"data\.own: 'food' is a data set that prefclip knows"):
        own_card("food", "x")
    with pytest.raises(CardError, match=r"data\.own\.shelf: template: 'x' must hold {} once"):
        own_card("shelf", "x", "x")
