"""Class lists: what is written is read back, and unusable ones are refused by name."""

import json

import pytest

from prefclip.datasets.class_lists import ClassList, ClassListError, check_names, read_classes, write_classes

GOOD = {"dataset": "animals", "role": "train", "names": ["cat", "polar bear"], "template": "a photo of a {}."}


def test_what_is_written_is_read(tmp_path):
    classes = ClassList("animals", "train", ("cat", "polar bear"), "a photo of a {}.")
    write_classes(tmp_path / "c.json", classes)
    assert read_classes(tmp_path / "c.json") == classes
    assert json.loads((tmp_path / "c.json").read_text()) == GOOD
    assert classes.prompts() == ["a photo of a cat.", "a photo of a polar bear."]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"names": ["cat"]}, "1 class name given; classification needs at least two"),
        ({"names": []}, "0 class name"),
        ({"names": ["cat", "dog", "cat"]}, "'cat' occurs twice"),
        ({"names": ["cat", True]}, "True is no class name"),
        ({"names": ["cat", " "]}, "' ' is no class name"),
        ({"names": "cat, dog"}, "expected a list of class names, got str"),
        ({"template": "a photo"}, "must hold {} once"),
        ({"template": "{} {}"}, "must hold {} once"),
        ({"role": None}, "key 'role' must be text, got None"),
    ],
)
def test_unusable_lists_are_refused(tmp_path, change, complaint):
    path = tmp_path / "animals.json"
    path.write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(ClassListError) as refusal:
        read_classes(path)
    assert str(refusal.value).startswith(f"{path}: ") and complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not a readable JSON file"),
        ("[]", "key 'dataset' is missing"),
        ('{"dataset": "a"}', "key 'role' is missing"),
    ],
)
def test_broken_files_are_named(tmp_path, text, complaint):
    path = tmp_path / "animals.json"
    path.write_text(text)
    with pytest.raises(ClassListError, match=f"animals.json: {complaint}"):
        read_classes(path)


def test_missing_file_says_who_writes_it(tmp_path):
    with pytest.raises(ClassListError, match=r"x\.json: no such class list; `prefclip manifest` writes it"):
        read_classes(tmp_path / "x.json")


def test_names_become_a_tuple():
    assert check_names(["a", "b"], "here") == ("a", "b")
