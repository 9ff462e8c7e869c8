"""The store of resume points: whole or left out, the newest two kept."""

import json

import pytest
import torch

from prefclip.files import OutputError
from prefclip.training.resume import ResumeStore


@pytest.fixture
def lines():
    return []


@pytest.fixture
def store(tmp_path, lines):
    return ResumeStore(tmp_path / "scratch" / "run", lines.append)


def save(store, *steps):
    for step in steps:
        store.save(step, {"weight": torch.full((3,), float(step))}, {"log": [f"{step},0"]})


def test_the_newest_two_are_kept(store):
    assert store.newest() is None
    save(store, 2, 4, 10)
    point = store.newest()
    assert (point.step, point.values) == (10, {"log": ["10,0"]})
    assert torch.equal(point.tensors["weight"], torch.full((3,), 10.0))
    assert sorted(path.name for path in store.folder.iterdir()) == [
        f"step-{step:08d}.{kind}" for step in (4, 10) for kind in ("json", "safetensors")
    ]


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("kind", ["json", "safetensors"])
@pytest.mark.parametrize("damage", [cut, flip, lambda path: path.write_bytes(b"")])
def test_damaged_point_is_left_out_with_a_line(store, lines, kind, damage):
    save(store, 4, 6)
    path = store.folder / f"step-00000006.{kind}"
    if damage is flip and kind == "json":
        path.write_text(path.read_text().replace('"step": 6', '"step": 7'))
    else:
        damage(path)
    assert store.newest().step == 4
    assert len(lines) == 1 and "step-00000006.json is damaged and left out" in lines[0]


def test_a_point_without_its_tensors_is_left_out(store, lines):
    save(store, 4, 6)
    (store.folder / "step-00000006.safetensors").unlink()
    (store.folder / "step-00000004.json").write_text(json.dumps({"format": "other"}))
    assert store.newest() is None
    assert len(lines) == 2


def test_a_point_without_a_record_does_not_count(store, lines):
    save(store, 4, 6)
    (store.folder / "step-00000006.json").unlink()
    assert store.newest().step == 4 and lines == []
    save(store, 6)
    assert store.newest().step == 6


def test_full_disk_keeps_the_last_point(store, largest_file):
    save(store, 4)
    with largest_file(1000), pytest.raises(OutputError, match="disk is full"):
        store.save(6, {"weight": torch.zeros(10_000)}, {})
    assert store.newest().step == 4


def test_leftovers_and_clear(store):
    save(store, 4)
    (store.folder / ".step-00000006.x.partial.safetensors").write_text("half")
    store.remove_leftovers()
    assert len(list(store.folder.iterdir())) == 2
    store.clear()
    assert not store.folder.exists()
    store.clear()
