"""Stand-ins: made-up pictures that every true reader reads, and that are never taken for data."""

import json
import os

import pytest
from tiny_sets import BUILDERS, list_images, save_image
from typer.testing import CliRunner

from prefclip.config import check_config
from prefclip.datasets.check import check_dataset
from prefclip.datasets.commands import datasets_app
from prefclip.datasets.families import families, reader_of
from prefclip.datasets.listings import DatasetFolderError
from prefclip.datasets.obtain import NotThereError, obtain_dataset
from prefclip.datasets.reading_choices import choose_records
from prefclip.datasets.registry import DATASETS, DOWNLOADED_DATASETS, downloaded_card
from prefclip.datasets.stand_in_marker import MARKER, StandInError, is_stand_in
from prefclip.datasets.stand_ins import lay_out
from prefclip.preflight.run_files import check_data


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Stand-ins of all data sets; read-only for tests."""
    root = tmp_path_factory.mktemp("rehearsal")
    said = run("stand-in", "--root", str(root))
    assert said.exit_code == 0, said.output
    return root


def run(*arguments: str):
    return CliRunner().invoke(datasets_app, list(arguments))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_family_of_raw_folders_has_a_layout():
    laid_out = {card.family for card in DOWNLOADED_DATASETS.values() if hasattr(reader_of(card), "stand_in")}
    assert laid_out == set(families()) - {"embedded"}


def test_a_family_without_one_is_named(tmp_path):
    with pytest.raises(StandInError, match=r"^animals: its family embedded has no function stand_in"):
        lay_out(DATASETS["animals"], tmp_path)


@pytest.mark.parametrize("name", DOWNLOADED_DATASETS)
def test_its_reader_finds_every_split_and_class(root, name):
    card = downloaded_card(name)
    report = check_dataset(card, root, "all")
    assert report.sound and report.stand_in and card.state(root) == "present"
    assert set(report.images) == set(card.splits)
    if card.role != "real":  # photographs with words have no list of classes that have pictures
        assert report.classes == card.class_count and report.names == card.name_count
    assert "a stand-in: made-up pictures, no data" in run("check", name, "--root", str(root)).stdout


def test_they_are_small_and_always_the_same(root, tmp_path):
    whole = contents(root)
    assert sum(map(len, whole.values())) < 2**23
    again = run("stand-in", "dtd", "scam", "--root", str(tmp_path))
    assert again.exit_code == 0
    assert contents(tmp_path).items() <= whole.items()
    assert run("stand-in", "dtd", "--root", str(tmp_path)).stdout == f"{tmp_path / 'dtd'}: there already\n"


def test_the_list_tells_them_from_data(root):
    rows = json.loads(run("list", "--root", str(root), "--json").stdout)
    assert {row["state"] for row in rows if row["name"] in DOWNLOADED_DATASETS} == {"stand-in"}


def test_nothing_that_is_there_is_touched(tmp_path):
    card = BUILDERS["dtd"](tmp_path)
    before = contents(tmp_path)
    with pytest.raises(StandInError, match=r"dtd: is there and is no stand-in; name another folder with --root"):
        lay_out(card, tmp_path)
    assert contents(tmp_path) == before and sorted(os.listdir(tmp_path)) == ["dtd"]


@pytest.mark.parametrize("below", ["", "dtd"], ids=["the root", "the set's folder"])
def test_a_link_to_nowhere_or_a_file_in_its_place_is_named(tmp_path, below):
    for name in ("link", "file"):
        (tmp_path / name / below).parent.mkdir(exist_ok=True)
    (tmp_path / "link" / below).symlink_to(tmp_path / "gone")
    (tmp_path / "file" / below).write_text("mine")
    for name, said in (
        (
            "link",
            r"(link|dtd): is a link to .*gone, which is not there; make that folder, remove the link, or name another",
        ),
        ("file", r"(file|dtd): is a file, not a folder; move it away or name another folder with --root\."),
    ):
        with pytest.raises(StandInError, match=said):
            lay_out(downloaded_card("dtd"), tmp_path / name)
    assert (tmp_path / "file" / below).read_text() == "mine" and not (tmp_path / "gone").exists()


def test_without_its_marker_it_is_counted_as_data(tmp_path):
    card = downloaded_card("dtd")
    lay_out(card, tmp_path)
    assert len(list_images(card, tmp_path).records) == 3 * 47
    (card.path_in(tmp_path) / MARKER).unlink()
    with pytest.raises(DatasetFolderError, match="47 train images, expected 1880"):
        list_images(card, tmp_path)


def change_a_picture(folder):
    save_image(folder / "images/banded/banded_0001.jpg")


def add_a_picture(folder):
    save_image(folder / "images/banded/banded_0005.jpg")


def remove_a_list(folder):
    (folder / "labels/val1.txt").unlink()


@pytest.mark.parametrize("change", [change_a_picture, add_a_picture, remove_a_list])
def test_a_marker_beside_other_files_excuses_nothing(tmp_path, change):
    card = downloaded_card("dtd")
    lay_out(card, tmp_path)
    change(tmp_path / "dtd/dtd")
    with pytest.raises(StandInError, match=rf"{MARKER}: marks a stand-in, but the files beside it are not those"):
        is_stand_in(card.path_in(tmp_path))
    with pytest.raises((StandInError, DatasetFolderError)):
        list_images(card, tmp_path)


def test_a_marker_copied_to_data_excuses_nothing(tmp_path):
    lay_out(downloaded_card("dtd"), tmp_path / "made up")
    card = BUILDERS["dtd"](tmp_path)
    (tmp_path / "made up/dtd" / MARKER).rename(card.path_in(tmp_path) / MARKER)
    with pytest.raises(StandInError):
        list_images(card, tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_damaged_marker_is_named(tmp_path, text):
    (tmp_path / MARKER).write_text(text)
    with pytest.raises(StandInError, match=rf"{MARKER}: not a readable marker .*; remove it where this is data\."):
        is_stand_in(tmp_path)


def test_a_run_notes_that_it_had_stand_ins(root, tmp_path):
    obtain_dataset("dtd", root, tmp_path / "found.json", fetch=False)
    assert json.loads((tmp_path / "found.json").read_text())["stand_in"] is True


def test_a_rehearsal_fetches_nothing(tmp_path):
    with pytest.raises(NotThereError, match=r"dtd: DTD is not there, .* fetches nothing; `prefclip datasets stand-in"):
        obtain_dataset("dtd", tmp_path, tmp_path / "found.json", fetch=False)
    assert list(tmp_path.iterdir()) == []


def test_the_preflight_says_what_is_made_up_and_what_is_missing(tmp_path):
    data = {"source": "downloaded", "root": str(tmp_path), "train": "food101", "zero_shot": ["dtd"], "bias": []}
    config = check_config({"data": data, "reading": {"max_images": 9}, "methods": {}}, "test", DOWNLOADED_DATASETS)
    lay_out(downloaded_card("dtd"), tmp_path)
    present, missing = check_data(config)
    assert present.what.endswith("dtd (a stand-in)")
    assert missing.state == "wrong" and missing.what.endswith("lacks: food101") and "stand-in --root" in missing.remedy


@pytest.mark.parametrize(("name", "role"), [("imagenet100", "train"), ("flowers102", "zero-shot"), ("vl_bias", "bias")])
def test_few_images_are_spread_whatever_the_order(root, name, role):
    card = downloaded_card(name)
    records = list_images(card, root).records
    choices = check_config({"reading": {"max_images": 24}, "methods": {}}, "test").reading
    chosen = choose_records(card, records, role, choices)
    assert set(chosen.groupby("split").size()) == {24}
    shuffled = choose_records(card, records.sample(frac=1, random_state=1), role, choices)
    assert set(shuffled["path"]) == set(chosen["path"])
    other = choose_records(card, records, role, choices.model_copy(update={"split_seed": 1}))
    assert set(other["path"]) != set(chosen["path"])
    if name == "vl_bias":
        assert set(chosen.groupby(["kind", "gender"])["label"].nunique()) == {6}
        assert set(chosen.groupby("label")["gender"].nunique()) == {2}
    else:
        assert chosen.groupby("split")["label"].nunique().eq(24).all()
        assert chosen.groupby("split")["label"].apply(set).map(sorted).map(tuple).nunique() == 1
