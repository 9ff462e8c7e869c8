"""`prefclip datasets sort vl_bias`: downloads in layouts that nobody published, into the one that is read."""

import csv
import errno
import os
from pathlib import Path

import pytest
from tiny_sets import BUILDERS, list_images, save_image
from typer.testing import CliRunner

from prefclip.datasets import registry
from prefclip.datasets.commands import datasets_app
from prefclip.datasets.registry import downloaded_card
from prefclip.datasets.sort_vl_bias import SortError, sort_vl_bias

LAYOUTS = {
    "folders of genders": "verb/{concept}/{gender}/{number}.jpg",
    "genders outside": "{gender}/{concept}/{number}.jpg",
    "in the name of the file": "{concept}_{gender}_{number}.JPG",
    "in both": "VL-Bias/verb/{concept}/a {gender} talking {number}.png",
    "another word": "{concept}/{gender}s or so/fe_{number}.jpeg",
}
CONCEPTS = ("baking", "working", "nurse")


@pytest.fixture
def card(tmp_path):
    return BUILDERS["vl_bias"](tmp_path / "elsewhere")


def download(folder: Path, layout: str, words=("man", "woman")) -> dict[Path, bytes]:
    """Make a download of six pictures, each of a colour of its own; return its files."""
    for number, (concept, gender) in enumerate((concept, word) for concept in CONCEPTS for word in words):
        save_image(folder / layout.format(concept=concept, gender=gender, number=number), colour=(number, 0, 0))
    save_image(folder / "__MACOSX/verb/baking/man/._0.jpg")
    (folder / "verb.txt").write_text("baking\n")
    return contents(folder)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_names_tell_concept_and_gender(layout, card, tmp_path):
    words = ("male", "female") if "so/" in layout else ("man", "woman")
    before = download(tmp_path / "download", layout, words)
    assert sort_vl_bias(card, tmp_path / "download", tmp_path / "data", tmp_path / "list.csv").sound
    assert contents(tmp_path / "download") == before
    assert not (tmp_path / "list.csv").exists()
    records = list_images(card, tmp_path / "data").records
    found = {(path.split("/")[1], path.split("/")[2]) for path in records["path"]}
    assert found == {(concept, gender) for concept in CONCEPTS for gender in ("man", "woman")}
    pictures = {content for path, content in before.items() if path.name != "verb.txt" and "__MACOSX" not in path.parts}
    assert {(tmp_path / "data/vl_bias" / path).read_bytes() for path in records["path"]} == pictures


def test_what_names_do_not_say_is_asked_for(card, tmp_path):
    source, listed = tmp_path / "download", tmp_path / "download.csv"
    before = download(source, "verb/{concept}/{number}.jpg")
    save_image(source / "verb/nurse/a man and a woman.jpg")
    arguments = ["sort", "vl_bias", str(source), "--root", str(tmp_path / "data")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "downloaded_card", {"vl_bias": card}.get)
        first = CliRunner().invoke(datasets_app, arguments)
        assert isinstance(first.exception, SortError)
        assert "7 of 7 pictures do not say their concept and gender, the first is" in str(first.exception)
        assert f"fill in {listed}" in str(first.exception)
        rows = list(csv.DictReader(listed.read_text().splitlines()))
        assert {(row["concept"], row["gender"]) for row in rows} == {(concept, "") for concept in CONCEPTS}
        assert not (tmp_path / "data").exists()
        for row in rows:
            number = row["image"].rpartition("/")[2].removesuffix(".jpg")
            row["gender"] = ("man", "woman")[int(number) % 2] if number.isdigit() else "none"
        with listed.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        filled = listed.read_bytes()
        second = CliRunner().invoke(datasets_app, arguments)
        assert second.exit_code == 0, second.exception
        assert "6 images (6 test)" in second.stdout and "sound" in second.stdout
    assert listed.read_bytes() == filled
    assert set(before) <= set(contents(source))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("verb/nurse/9.jpg,nurse,man", "there is no picture 'verb/nurse/9.jpg'"),
        ("verb/nurse/4.jpg,cook,man", "line 2: concept is 'cook'; allowed: baking, nurse, working"),
        ("verb/nurse/4.jpg,nurse,men", "line 2: gender is 'men'; allowed: man, none, woman"),
        ("verb/nurse/4.jpg,nurse", "line 2: gender is missing; the columns are image, concept, gender"),
        (
            "verb/nurse/4.jpg,nurse,man\nverb/nurse/4.jpg,nurse,woman",
            r"line 3: 'verb/nurse/4\.jpg' is in line 2 already; keep one of the two",
        ),
        ("verb/nurse/4.jpg,nurse,man", "5 of 6 pictures do not say"),
    ],
)
def test_a_list_with_other_names_is_refused(line, said, card, tmp_path):
    download(tmp_path / "download", "verb/{concept}/{number}.jpg")
    (tmp_path / "list.csv").write_text(f"image,concept,gender\n{line}\n")
    with pytest.raises(SortError, match=said):
        sort_vl_bias(card, tmp_path / "download", tmp_path / "data", tmp_path / "list.csv")
    assert (tmp_path / "list.csv").read_text() == f"image,concept,gender\n{line}\n"
    assert not (tmp_path / "data").exists()


def test_half_a_download_is_refused(card, tmp_path):
    download(tmp_path / "download", "verb/{concept}/{gender}/{number}.jpg", ("man",))
    with pytest.raises(
        SortError, match=r"3 test images, expected 6 .*no picture for occu/nurse/woman or verb/baking/woman"
    ):
        sort_vl_bias(card, tmp_path / "download", tmp_path / "data", tmp_path / "list.csv")


def test_what_is_no_download_is_told_apart(card, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "download.zip").write_bytes(b"PK")
    for name, said in (
        ("empty", "no pictures found there; unpack the download"),
        ("nowhere", "there is no such folder; name the one of the unpacked download"),
        ("download.zip", "is a file; unpack it and name the folder"),
    ):
        with pytest.raises(SortError, match=f"{name}: {said}"):
            sort_vl_bias(card, tmp_path / name, tmp_path / "data", tmp_path / "list.csv")
    done = CliRunner().invoke(datasets_app, ["sort", "vl_bias", "", "--root", str(tmp_path / "data")])
    assert isinstance(done.exception, SortError) and "FOLDER is empty; name the folder" in str(done.exception)


def test_pictures_that_cannot_be_decoded_are_refused_unless_left_out(card, tmp_path):
    source, listed = tmp_path / "download", tmp_path / "list.csv"
    download(source, LAYOUTS["folders of genders"])
    (source / "verb/baking/man/9.jpg").write_bytes((source / "verb/baking/man/0.jpg").read_bytes()[:200])
    with pytest.raises(SortError, match="7 test images, expected 6"):
        sort_vl_bias(card, source, tmp_path / "data", listed)
    listed.write_text("image,concept,gender\nverb/baking/man/0.jpg,,none\n")
    with pytest.raises(
        SortError, match=r"1 picture cannot be decoded, the first is 'verb/baking/man/9\.jpg'; get them"
    ):
        sort_vl_bias(card, source, tmp_path / "data", listed)
    assert not (tmp_path / "data").exists()
    listed.write_text("image,concept,gender\nverb/baking/man/9.jpg,,none\n")
    assert sort_vl_bias(card, source, tmp_path / "data", listed).sound


def test_what_is_there_stays(card, tmp_path):
    download(tmp_path / "download", LAYOUTS["folders of genders"])
    (tmp_path / "data/vl_bias").mkdir(parents=True)
    (tmp_path / "data/vl_bias/mine.txt").write_text("mine")
    with pytest.raises(SortError, match="data/vl_bias: is there; move it away"):
        sort_vl_bias(card, tmp_path / "download", tmp_path / "data", tmp_path / "list.csv")
    assert (tmp_path / "data/vl_bias/mine.txt").read_text() == "mine"


def test_copies_where_links_are_refused_and_leaves_nothing_half_written(card, tmp_path, monkeypatch):
    before = download(tmp_path / "download", LAYOUTS["folders of genders"])

    def refused(*_):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(os, "link", refused)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", full)
        with pytest.raises(SortError, match="No space left on device"):
            sort_vl_bias(card, tmp_path / "download", tmp_path / "data", tmp_path / "list.csv")
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file() or path.name == "vl_bias"] == []
    assert sort_vl_bias(card, tmp_path / "download", tmp_path / "data", tmp_path / "list.csv").sound
    assert contents(tmp_path / "download") == before
    assert list((tmp_path / "data/.downloads").iterdir()) == []


def test_concepts_are_told_by_one_word_each():
    names = [folder.partition("/")[2] for folder in downloaded_card("vl_bias").folders]
    assert len(set(names)) == len(names) == 65 and all(name.isalpha() and name.islower() for name in names)
