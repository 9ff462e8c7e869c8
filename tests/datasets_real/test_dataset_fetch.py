"""Fetching by each route, from a server on this machine or a stand-in of the hub's client."""

import hashlib
import io
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torchvision
from file_server import serving
from tiny_sets import BUILDERS

from prefclip.datasets.card import Archive, Mirror
from prefclip.datasets.check import content_fingerprint
from prefclip.datasets.fetch import FetchError, PlaceByHandError, fetch_dataset
from prefclip.datasets.registry import DOWNLOADED_DATASETS
from prefclip.datasets.transfers import TransferError


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def tar_of(folder: Path, arcname: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(folder, arcname)
    return buffer.getvalue()


def md5_of(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def textures(tmp_path, monkeypatch):
    """A tiny DTD card, its archive, and a server that has it."""
    card = BUILDERS["dtd"](tmp_path / "original")
    content = tar_of(card.path_in(tmp_path / "original") / "dtd", "dtd")
    monkeypatch.setattr(torchvision.datasets.DTD, "_MD5", md5_of(content))
    with serving({"/dtd-r1.0.1.tar.gz": content}) as server:
        archive = Archive(url=f"{server.url}/dtd-r1.0.1.tar.gz", path="dtd/dtd-r1.0.1.tar.gz", md5=md5_of(content))
        yield replace(card, archives=(archive,)), server


def test_torchvision_unpacks_what_was_downloaded(textures, tmp_path):
    card, server = textures
    server.failures = [-300, 503]
    report = fetch_dataset(card, tmp_path / "data", progress=False)
    assert report.sound
    assert sum(report.images.values()) == 6
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [".downloads", "dtd"]
    assert list((tmp_path / "data/.downloads").iterdir()) == []
    assert not list((tmp_path / "data").rglob("*.tar.gz"))


def test_present_set_is_checked_not_downloaded(textures, tmp_path):
    card, server = textures
    fetch_dataset(card, tmp_path / "data", progress=False)
    asked = len(server.requests)
    assert fetch_dataset(card, tmp_path / "data", progress=False).sound
    assert len(server.requests) == asked


def test_leftovers_of_an_interrupted_unpacking_are_removed(textures, tmp_path):
    card, _ = textures
    half = tmp_path / "data/.downloads/dtd/dtd/dtd/images/banded"
    half.mkdir(parents=True)
    assert fetch_dataset(card, tmp_path / "data", progress=False).sound


def test_archive_that_is_no_archive(textures, tmp_path, monkeypatch):
    card, server = textures
    server.files = {"/dtd-r1.0.1.tar.gz": b"no archive"}
    monkeypatch.setattr(torchvision.datasets.DTD, "_MD5", md5_of(b"no archive"))
    archive = replace(card.archives[0], md5=md5_of(b"no archive"))
    with pytest.raises(TransferError, match="torchvision could not unpack DTD"):
        fetch_dataset(replace(card, archives=(archive,)), tmp_path / "data", progress=False)
    assert not (tmp_path / "data/dtd").exists()


def test_other_checksum_leaves_nothing_in_place(textures, tmp_path):
    card, _ = textures
    archive = replace(card.archives[0], md5="0" * 32)
    with pytest.raises(TransferError, match="md5 is"):
        fetch_dataset(replace(card, archives=(archive,)), tmp_path / "data", progress=False)
    assert not (tmp_path / "data/dtd").exists()


def test_fetched_set_with_another_count_is_refused(textures, tmp_path):
    card, _ = textures
    with pytest.raises(FetchError, match="2 test images, expected 5"):
        fetch_dataset(replace(card, splits={**card.splits, "test": 5}), tmp_path / "data", progress=False)


def test_folder_in_the_way_is_named(textures, tmp_path):
    card, _ = textures
    (tmp_path / "data/dtd/other").mkdir(parents=True)
    with pytest.raises(FetchError, match=r"data/dtd: is there, but without dtd; move it away"):
        fetch_dataset(card, tmp_path / "data", progress=False)


def test_root_that_cannot_be_written_is_named(textures, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FetchError, match=r"file.*cannot be written.*choose another folder with --root"):
        fetch_dataset(textures[0], tmp_path / "file" / "data", progress=False)


def test_flowers_keep_their_lists(tmp_path, monkeypatch):
    card = BUILDERS["flowers102"](tmp_path / "original")
    folder = card.path_in(tmp_path / "original")
    files = {"/102flowers.tgz": tar_of(folder / "jpg", "jpg")}
    files |= {f"/{name}": (folder / name).read_bytes() for name in ("imagelabels.mat", "setid.mat")}
    known = {
        key: (name, md5_of(files[f"/{name}"])) for key, (name, _) in torchvision.datasets.Flowers102._file_dict.items()
    }
    monkeypatch.setattr(torchvision.datasets.Flowers102, "_file_dict", known)
    with serving(files) as server:
        archives = tuple(
            Archive(url=server.url + path, path=f"flowers-102{path}", md5=md5_of(content))
            for path, content in files.items()
        )
        assert fetch_dataset(replace(card, archives=archives), tmp_path / "data", progress=False).sound
    assert sorted(path.name for path in (tmp_path / "data/flowers-102").iterdir()) == [
        "imagelabels.mat",
        "jpg",
        "setid.mat",
    ]


@pytest.mark.parametrize("name", [name for name, card in DOWNLOADED_DATASETS.items() if card.route == "manual"])
def test_manual_set_says_what_to_place_where(name, tmp_path):
    with pytest.raises(PlaceByHandError) as caught:
        fetch_dataset(DOWNLOADED_DATASETS[name], tmp_path, progress=False)
    text = str(caught.value)
    assert "1. " in text
    assert str(tmp_path / DOWNLOADED_DATASETS[name].folder) in text
    assert "http" in text
    assert "{" not in text.replace('{"IMG_2934.JPG": {"true object"', "")


@pytest.fixture
def scenes(tmp_path):
    """A tiny SUN397 without its split list, a card that knows where the list is, and a server that has it."""
    card = BUILDERS["sun397"](tmp_path / "data")
    listed = card.path_in(tmp_path / "data") / "split_zhou_SUN397.json"
    content = listed.read_bytes()
    listed.unlink()
    name = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True).stdout
    with serving({"/list.json": content}) as server:
        part = Archive(
            url=f"{server.url}/list.json", path="SUN397/split_zhou_SUN397.json", git_blob=name.decode().strip()
        )
        yield replace(card, archives=(Archive(path="SUN397.tar.gz"), part)), server


def test_a_list_is_fetched_once_the_tree_is_there(scenes, tmp_path):
    card, server = scenes
    assert card.state(tmp_path / "data") == "fetchable"
    assert fetch_dataset(card, tmp_path / "data", progress=False).sound
    assert fetch_dataset(card, tmp_path / "data", progress=False).sound
    assert [path for path, _ in server.requests] == ["/list.json"]


def test_nothing_is_fetched_before_the_tree_is_there(scenes, tmp_path):
    card, server = scenes
    (card.path_in(tmp_path / "data") / "ClassName.txt").unlink()
    assert card.state(tmp_path / "data") == "manual"
    with pytest.raises(PlaceByHandError, match=r"1\. Get SUN397"):
        fetch_dataset(card, tmp_path / "data", progress=False)
    assert server.requests == []


def test_a_list_that_git_knows_by_another_name_is_refused(scenes, tmp_path):
    card, server = scenes
    server.files["/list.json"] += b" "
    with pytest.raises(TransferError, match="the name in git is"):
        fetch_dataset(card, tmp_path / "data", progress=False)
    assert sorted(path.name for path in card.path_in(tmp_path / "data").iterdir()) == ["ClassName.txt", "a"]


def photo_zip(folder: Path, prefix: str, more: dict[str, bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{prefix}{path.name}")
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_photographs_come_from_the_first_mirror_that_has_them(tmp_path, capsys):
    card = BUILDERS["paint"](tmp_path / "original")
    folder = card.path_in(tmp_path / "original")
    twin = {"__MACOSX/typographic_attacks/._label=ipad_text=bread.jpeg": b"resource fork"}
    other = {"whole-repository/rta100/label=dog_text=cat.jpg": b"another set"}
    files = {
        "/small.zip": photo_zip(folder, "typographic_attacks/", twin | {"x/label=more_text=photos.jpg": b"1"}),
        "/repository.zip": photo_zip(folder, "whole-repository/paint/", other),
    }
    with serving(files) as server:
        mirrors = (
            Mirror(f"{server.url}/gone.zip"),
            Mirror(f"{server.url}/small.zip"),
            Mirror(f"{server.url}/repository.zip", inside="/paint/", licence="none stated"),
            Mirror(f"{server.url}/never.zip"),
        )
        sha256 = content_fingerprint(folder, [path.name for path in folder.iterdir()])
        card = replace(card, mirrors=mirrors, content_sha256=sha256)
        report = fetch_dataset(card, tmp_path / "data", progress=False)
        assert [path for path, _ in server.requests] == ["/gone.zip", "/small.zip", "/repository.zip"]
        (said,) = capsys.readouterr().err.splitlines()
        assert f"taken from the mirror {server.url}/repository.zip (its licence: none stated), because" in said
        assert "/gone.zip" in said and "404" in said
        fetch_dataset(replace(card, mirrors=mirrors[2:]), tmp_path / "again", progress=False)
        assert capsys.readouterr().err == ""
    assert report.sound
    assert report.content_checked
    assert sorted(path.name for path in (tmp_path / "data/paint").iterdir()) == sorted(
        path.name for path in folder.iterdir()
    )


def test_every_failed_mirror_is_named(tmp_path):
    card = replace(BUILDERS["paint"](tmp_path / "original"), content_sha256="0" * 64)
    content = photo_zip(card.path_in(tmp_path / "original"), "")
    with serving({"/a.zip": content, "/b.zip": b"no zip"}) as server:
        mirrors = tuple(Mirror(f"{server.url}/{name}.zip") for name in "abc")
        with pytest.raises(TransferError) as caught:
            fetch_dataset(replace(card, mirrors=mirrors), tmp_path / "data", progress=False)
    text = str(caught.value)
    assert "its 3 photographs are not those of PAINT" in text
    assert "damaged archive" in text
    assert "404" in text
