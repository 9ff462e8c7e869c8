"""`prefclip datasets` on tiny folders and on the real photographs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_sets import BUILDERS
from typer.testing import CliRunner

from prefclip.datasets import registry
from prefclip.datasets.commands import datasets_app
from prefclip.datasets.fetch import PlaceByHandError

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"
needs_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"{PHOTOS} (real photographs) is not there")


def run(*arguments: str):
    return CliRunner().invoke(datasets_app, list(arguments))


def test_list_shows_every_set_with_its_state(tmp_path):
    BUILDERS["dtd"](tmp_path)
    result = run("list", "--root", str(tmp_path))
    assert result.exit_code == 0
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines()}
    assert set(registry.DATASETS) | {"name"} == set(lines)
    assert lines["dtd"][1:5] == ["zero-shot", "5,640", "47", "present"]
    assert lines["imagenet100"][1:5] == ["train", "135,000", "100", "manual"]
    assert lines["eurosat"][4:] == ["fetchable", "MIT", "(unverified)"]
    assert lines["scam"][4:] == ["fetchable", "CC-BY-NC-4.0"]
    assert lines["vl_bias"][1] == "bias"
    assert lines["people"][1:6] == ["bias", "as", "configured", "32", "present"]


def test_list_as_json(tmp_path):
    rows = {row["name"]: row for row in json.loads(run("list", "--root", str(tmp_path), "--json").stdout)}
    assert rows["paint"]["candidate_names"] == 159
    assert rows["caltech101"]["checksums"] == {"caltech-101.zip": "md5:3138e1922a9193bfa496528edbbc45d0"}
    assert [mirror["licence"] for mirror in rows["paint"]["mirrors"]] == [None, "none stated"]
    cars = {mirror["address"]: mirror for mirror in rows["stanford_cars"]["mirrors"]}
    assert cars["hub:tanganke/stanford_cars"]["revision"] == "9abf6cf7d6dfa7b95152a0d6e791ea9435b47a40"
    assert rows["sun397"]["state"] == "manual"
    assert rows["imagenet100"]["counts_verified"] is False
    assert rows["eurosat"]["template"] == "a centered satellite photo of a {}."


def test_check_of_a_missing_set_fails(tmp_path):
    result = run("check", "caltech101", "--root", str(tmp_path))
    assert result.exit_code == 1
    assert "the folder of Caltech101 is missing" in result.stdout


def test_check_says_what_is_wrong(tmp_path, monkeypatch):
    card = replace(BUILDERS["caltech101"](tmp_path), splits={"test": 5})
    monkeypatch.setattr(registry, "downloaded_card", {"caltech101": card}.get)
    result = run("check", "caltech101", "--root", str(tmp_path), "--open", "all")
    assert result.exit_code == 1
    assert "wrong: 4 test images, expected 5 (an unverified figure)" in result.stdout
    assert "2 objects or classes, 3 candidate names" in result.stdout
    assert f"to mend it: remove {tmp_path}/caltech101 and run `prefclip datasets fetch caltech101" in result.stdout
    report = json.loads(run("check", "caltech101", "--root", str(tmp_path), "--json").stdout)
    assert report["sound"] is False
    assert report["images"] == {"test": 4}


def test_check_of_an_unknown_set():
    result = run("check", "nothing")
    assert result.exit_code == 1
    assert "unknown data set 'nothing'" in str(result.exception)


def test_fetch_of_a_manual_set_fails_with_instructions(tmp_path):
    result = run("fetch", "imagenet100", "--root", str(tmp_path))
    assert result.exit_code != 0
    assert isinstance(result.exception, PlaceByHandError)
    assert f"{tmp_path}/imagenet100 holds train.X1, train.X2, train.X3, train.X4, val.X" in str(result.exception)


def test_fetch_of_a_present_set_checks_it(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "downloaded_card", {"rta100": BUILDERS["rta100"](tmp_path)}.get)
    result = run("fetch", "rta100", "--root", str(tmp_path), "--quiet")
    assert result.exit_code == 0
    assert "sound" in result.stdout


@needs_photos
def test_real_rta100():
    result = run("check", "rta100", "--root", str(PHOTOS), "--open", "all")
    assert result.exit_code == 0
    assert "1000 images (1000 test)" in result.stdout
    assert "100 objects or classes, 100 candidate names" in result.stdout
    assert "1000 images opened" in result.stdout
    assert "sha256" in result.stdout


@needs_photos
def test_real_paint():
    report = json.loads(run("check", "paint", "--root", str(PHOTOS), "--open", "all", "--json").stdout)
    assert report["sound"]
    assert (report["images"], report["classes"], report["names"], report["words"]) == ({"test": 110}, 89, 159, 87)
    assert report["content_checked"]


@needs_photos
def test_real_paint_is_stored_in_another_colour_space():
    from prefclip.datasets.photographs import open_rgb
    from prefclip.datasets.pictures import open_picture

    path = PHOTOS / "paint" / "label=adapter_text=lamp.png"
    converted, stored = open_rgb(path), open_picture(path)
    assert converted.mode == stored.mode == "RGB"
    assert converted.tobytes() != stored.tobytes()
