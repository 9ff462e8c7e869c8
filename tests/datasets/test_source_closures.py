"""What code the steps depend on through their data: what reads a file, never what makes it."""

import re

import pytest

from prefclip.config import check_config
from prefclip.datasets.families import families
from prefclip.datasets.registry import DATASETS
from prefclip.lineage.sources import PACKAGE, source_closure
from prefclip.run.steps.manifest import Manifest

# Making and fetching: readers of raw data, the typed card and its registry, the embedded world, downloads.
MAKING = re.compile(
    r"datasets/(readers/|families|build|card\.|registry|listings|photograph_|emoji_|fetch|transfers|obtain|check)"
)
AFTER_THE_IMAGES = {
    "attacks": ("attacks.synthesis", "attacks.further_words"),
    "pairs": ("preferences.pairs",),
    "gender_pairs": ("preferences.gender_pairs",),
    "reference": ("training.reference",),
    "train": ("training.loop",),
    "train_concept": ("training.concept_training",),
    "evaluate": ("evaluation.zero_shot",),
    "sweep": ("evaluation.concept_sweep", "evaluation.gender_sweep"),
    "embed": ("evaluation.embedding",),
    "saliency": ("explain.saliency.measure",),
    "table": ("reporting.tables",),
    "figure": ("reporting.figures",),
}


def closure(*modules: str) -> set[str]:
    """Source files below the package, as paths with /."""
    found = source_closure([f"prefclip.{module}" for module in modules])
    return {path.relative_to(PACKAGE).as_posix() for path in found}


@pytest.mark.parametrize("step", AFTER_THE_IMAGES)
def test_later_steps_depend_on_nothing_that_makes_or_fetches_images(step):
    files = closure(*AFTER_THE_IMAGES[step])
    assert files and [name for name in sorted(files) if MAKING.match(name)] == []


def test_pairs_and_trainings_depend_on_no_attack_and_no_card():
    for step in ("pairs", "gender_pairs", "train", "train_concept"):
        files = closure(*AFTER_THE_IMAGES[step])
        assert files.isdisjoint({"attacks/synthesis.py", "attacks/typography.py", "datasets/card_files.py"}), step


def test_making_is_told_from_reading():
    """The tests above would say nothing if the pattern matched no file."""
    made = {name for name in closure("datasets.obtain", "datasets.readers.embedded") if MAKING.match(name)}
    assert {"datasets/fetch.py", "datasets/card.py", "datasets/emoji_scenes.py", "datasets/readers/embedded.py"} <= made


@pytest.mark.parametrize("family", families())
def test_a_family_depends_on_no_other_and_on_no_download(family):
    files = closure(f"datasets.readers.{family}")
    assert {name for name in files if "readers/" in name} == {
        "datasets/readers/__init__.py",
        f"datasets/readers/{family}.py",
    }
    assert not [name for name in files if re.match(r"datasets/(fetch|transfers|obtain|check|registry|build)", name)]
    assert ("datasets/emoji_scenes.py" in files) == (family == "embedded")
    assert ("datasets/photographs.py" in files) == (family != "embedded")


def test_readers_are_imported_by_the_name_on_the_card_alone():
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    naming = re.compile(r"^\s*(?:from|import) prefclip\.datasets(?:\.readers\b| import .*\breaders\b)", re.M)
    assert [path.name for path, text in texts.items() if naming.search(text)] == []
    importing = re.compile("import_module|read_leaf")
    by_name = [path.name for path in (PACKAGE / "datasets").rglob("*.py") if importing.search(texts[path])]
    assert by_name == ["families.py"]


def test_the_build_of_a_set_names_the_module_of_its_family():
    config = check_config({"methods": {}}, "test")
    for name, card in DATASETS.items():
        assert Manifest(config, name).leaves == (f"prefclip.datasets.readers.{card.family}",)
    assert {card.family for card in DATASETS.values()} == set(families())
