"""Fetching from the Hugging Face hub, with a stand-in of its client."""

import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from tiny_sets import BUILDERS, list_images

from prefclip.datasets import fetch_hub
from prefclip.datasets.fetch import fetch_dataset
from prefclip.datasets.listings import DatasetFolderError
from prefclip.datasets.transfers import TransferError


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def parquet_of(path: Path, labels: list[int], names: list[str] | None) -> None:
    buffers = []
    for label in labels:
        buffer = io.BytesIO()
        Image.new("RGB", (10, 8), (label, 0, 0)).save(buffer, format="JPEG")
        buffers.append({"bytes": buffer.getvalue(), "path": None})
    kinds = {"image": pa.struct([("bytes", pa.binary()), ("path", pa.string())]), "label": pa.int64()}
    schema = pa.schema(list(kinds.items()))
    if names:
        features = {"label": {"names": names, "_type": "ClassLabel"}}
        schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"image": buffers, "label": labels}, schema=schema), path)


class HubStandIn:
    """Writes files as the hub's client would; fails as often as told."""

    def __init__(self, write, failures: int = 0) -> None:
        self.write, self.failures, self.calls = write, failures, []

    def __call__(self, repo_id, **options):
        self.calls.append((repo_id, options))
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the hub does not answer")
        self.write(Path(options["local_dir"]))


@pytest.fixture
def hub(monkeypatch):
    def use(write, failures: int = 0) -> HubStandIn:
        stand_in = HubStandIn(write, failures)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", stand_in)
        return stand_in

    return use


CARS = ("AM General Hummer SUV 2000", "Acura RL Sedan 2012")


def test_cars_come_from_the_pinned_mirror(hub, tmp_path):
    def write(folder: Path) -> None:
        parquet_of(folder / "data/train-00000-of-00001.parquet", [1, 0], list(CARS))
        parquet_of(folder / "data/test-00000-of-00002.parquet", [0], list(CARS))
        parquet_of(folder / "data/test-00001-of-00002.parquet", [0, 1], list(CARS))

    card = BUILDERS["stanford_cars"](tmp_path / "original")
    client = hub(write, failures=2)
    report = fetch_dataset(card, tmp_path / "data", progress=False)
    assert report.sound
    assert report.images == {"test": 3, "train": 2}
    repo, options = client.calls[-1]
    assert (repo, options["repo_type"]) == ("tanganke/stanford_cars", "dataset")
    assert options["revision"] == "9abf6cf7d6dfa7b95152a0d6e791ea9435b47a40"
    assert len(client.calls) == 3
    listing = list_images(card, tmp_path / "data")
    named = dict(zip(listing.records["path"], listing.records["label"], strict=True))
    assert named["train/00000.jpg"] == 1
    assert named["test/00002.jpg"] == 1


def test_cars_mirror_in_another_order_is_refused(hub, tmp_path):
    hub(lambda folder: parquet_of(folder / "data/train-00000-of-00001.parquet", [0], list(CARS)[::-1]))
    with pytest.raises(DatasetFolderError, match="class list is another one"):
        fetch_dataset(BUILDERS["stanford_cars"](tmp_path / "original"), tmp_path / "data", progress=False)
    assert not (tmp_path / "data/stanford_cars").exists()


def test_cars_mirror_of_another_form_is_refused(hub, tmp_path):
    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"picture": [1]}), folder / "train-00000-of-00001.parquet")

    hub(write)
    card = BUILDERS["stanford_cars"](tmp_path / "original")
    with pytest.raises(TransferError, match=r"train-00000-of-00001\.parquet: expected images and labels"):
        fetch_dataset(card, tmp_path / "data", progress=False)
    hub(lambda folder: folder.mkdir(exist_ok=True))
    (tmp_path / "data/.downloads/stanford_cars/snapshot/train-00000-of-00001.parquet").unlink()
    with pytest.raises(TransferError, match=r"no train-\*\.parquet file"):
        fetch_dataset(card, tmp_path / "data", progress=False)


def test_sets_of_one_folder_are_fetched_once_even_side_by_side(hub, tmp_path):
    original = tmp_path / "original/scam"
    cards = [BUILDERS[name](tmp_path / "original") for name in ("scam", "noscam", "synthscam")]
    busy = threading.Event()

    def write(folder: Path) -> None:
        assert not busy.is_set()
        busy.set()
        waited.wait(0.3)
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "images.zip", "w") as archive:
            for path in sorted(original.rglob("*.*")):
                archive.write(path, path.relative_to(original).as_posix())

    waited, client = threading.Event(), hub(write)
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda card: fetch_dataset(card, tmp_path / "data", progress=False), cards))
    assert all(report.sound for report in reports) and len(client.calls) == 1


def test_scam_is_unpacked_for_its_three_variants(hub, tmp_path):
    cards = {name: BUILDERS[name](tmp_path / "original") for name in ("scam", "noscam", "synthscam")}
    original = tmp_path / "original/scam"

    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "images.zip", "w") as archive:
            for path in sorted(original.rglob("*.*")):
                archive.write(path, path.relative_to(original))

    client = hub(write)
    assert fetch_dataset(cards["scam"], tmp_path / "data", progress=False).sound
    assert client.calls[0][0] == "BLISS-e-V/SCAM"
    assert client.calls[0][1]["revision"] == "8c674f50dfa83e1d2a0a1c95653c39c347069d72"
    for card in cards.values():
        assert fetch_dataset(card, tmp_path / "data", progress=False).sound
    assert len(client.calls) == 1


def test_hub_that_never_answers(hub, tmp_path):
    hub(lambda folder: None, failures=99)
    with pytest.raises(TransferError, match=r"hub:BLISS-e-V/SCAM@8c674f5.*5 attempts failed.*does not answer"):
        fetch_dataset(BUILDERS["scam"](tmp_path / "original"), tmp_path / "data", progress=False)


def test_damaged_and_unsafe_zip(tmp_path):
    archive = tmp_path / "images.zip"
    archive.write_bytes(b"PK no zip")
    with pytest.raises(TransferError, match=r"images\.zip: damaged archive"):
        fetch_hub.unpack_zip(archive, tmp_path / "out")
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("../outside.txt", "x")
    with pytest.raises(TransferError, match="would leave the folder"):
        fetch_hub.unpack_zip(archive, tmp_path / "out")
    assert not (tmp_path / "outside.txt").exists()
