"""The registry rows: complete, pinned, and in agreement with torchvision and the shipped lists."""

import inspect
import json
import re
from pathlib import Path

import pytest
import torchvision

from prefclip.datasets.catalog import DOWNLOADED_DATASETS, NotDownloadedError, downloaded_entry
from prefclip.datasets.catalog_resources import prompts, synsets
from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.datasets.fetch import ROUTES, manual_instructions
from prefclip.datasets.loaders import READERS
from prefclip.datasets.loaders.zhou_splits import read_split
from prefclip.run.plan import RESOURCES

SETS_OF_THE_PAPER = (
    "imagenet100 imagenet caltech101 oxford_pets stanford_cars flowers102 fgvc_aircraft dtd sun397 eurosat food101 "
    "disentangling paint rta100 scam noscam synthscam vl_bias"
).split()
FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts"
ENTRIES = list(DOWNLOADED_DATASETS.values())
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


def test_every_set_of_the_paper_has_a_row():
    assert sorted(DOWNLOADED_DATASETS) == sorted(SETS_OF_THE_PAPER)


def test_unknown_name_lists_the_allowed_ones():
    with pytest.raises(NotDownloadedError, match="unknown data set 'food202'; allowed: imagenet100"):
        downloaded_entry("food202")


@each_entry
def test_rows_are_complete(entry: DownloadedEntry):
    assert entry.family in READERS
    assert entry.route == "manual" or entry.route in ROUTES
    assert (entry.obtained == "manual") == (entry.route == "manual")
    assert all((entry.title, entry.source, entry.licence, entry.citation, entry.folder, entry.layouts))
    assert entry.template.count("{}") == 1
    assert all(count for count in entry.splits.values())
    assert set(entry.splits) <= {"train", "validation", "test"}
    assert entry.released_split in entry.splits
    if entry.folders:
        assert len(entry.folders) == len(set(entry.folders)) == len(entry.classes)


@each_entry
def test_accepted_mirrors_are_pinned(entry: DownloadedEntry):
    for mirror in entry.mirrors:
        if mirror.accepted:
            assert re.fullmatch("[0-9a-f]{40}", mirror.revision)
        else:
            assert mirror.note
    if entry.route in ("hub-parquet", "hub-zip", "photo-zip"):
        assert any(mirror.accepted for mirror in entry.mirrors)


@each_entry
def test_manual_sets_say_what_to_place_where(entry: DownloadedEntry):
    if entry.route == "manual":
        text = manual_instructions(entry, Path("somewhere"))
        assert f"somewhere/{entry.folder}" in text
        assert f"prefclip datasets check {entry.name} --root somewhere" in text


def test_class_counts():
    counts = {name: len(downloaded_entry(name).classes) for name in SETS_OF_THE_PAPER}
    assert counts == {
        "imagenet100": 100,
        "imagenet": 1000,
        "caltech101": 102,
        "oxford_pets": 37,
        "stanford_cars": 196,
        "flowers102": 102,
        "fgvc_aircraft": 100,
        "dtd": 47,
        "sun397": 397,
        "eurosat": 10,
        "food101": 101,
        "disentangling": 0,
        "paint": 159,
        "rta100": 100,
        "scam": 0,
        "noscam": 0,
        "synthscam": 0,
        "vl_bias": 65,
    }
    for name in ("imagenet100", "imagenet", "caltech101", "oxford_pets", "dtd", "sun397", "eurosat", "food101"):
        assert list(downloaded_entry(name).folders) == sorted(downloaded_entry(name).folders)


def test_only_imagenet_repeats_names():
    for name, listed in prompts().items():
        names = listed["class_names"]
        repeated = {text for text in names if names.count(text) > 1} if name == "imagenet" else set()
        assert repeated == ({"missile", "sunglasses"} if name == "imagenet" else set())
        assert len(names) - len(set(names)) == (2 if name == "imagenet" else 0)


def test_imagenet100_is_not_the_list_of_cmc():
    ours, cmc = set(synsets("imagenet100")), set(synsets("imagenet100_cmc"))
    assert len(ours) == len(cmc) == 100
    assert len(ours & cmc) == 8
    assert ours | cmc <= set(synsets("imagenet"))
    assert downloaded_entry("imagenet100").folders == synsets("imagenet100")


def test_shipped_eurosat_split_is_the_published_one():
    entry = downloaded_entry("eurosat")
    split = read_split(entry, Path(entry.split_file), entry.split_md5)
    assert {name: len(paths) for name, paths in split.items()} == dict(entry.splits)
    paths = [path for listed in split.values() for path in listed]
    assert len(set(paths)) == 27_000
    assert {path.partition("/")[0] for path in paths} == set(entry.folders)


def test_archives_are_those_of_torchvision():
    expected = {
        "oxford_pets": set(torchvision.datasets.OxfordIIITPet._RESOURCES),
        "dtd": {(torchvision.datasets.DTD._URL, torchvision.datasets.DTD._MD5)},
        "food101": {(torchvision.datasets.Food101._URL, torchvision.datasets.Food101._MD5)},
        "fgvc_aircraft": {(torchvision.datasets.FGVCAircraft._URL, "")},
        "flowers102": {
            (torchvision.datasets.Flowers102._download_url_prefix + name, md5)
            for name, md5 in torchvision.datasets.Flowers102._file_dict.values()
        },
    }
    for name, archives in expected.items():
        assert {(archive.url, archive.md5) for archive in downloaded_entry(name).archives} == archives
    assert downloaded_entry("sun397").archives[0].md5 == torchvision.datasets.SUN397._DATASET_MD5
    official = dict(torchvision.datasets.imagenet.ARCHIVE_META.values())
    assert all(official[archive.path] == archive.md5 for archive in downloaded_entry("imagenet").archives)
    for name, download in (
        ("caltech101", torchvision.datasets.Caltech101.download),
        ("eurosat", torchvision.datasets.EuroSAT.download),
    ):
        archive = downloaded_entry(name).archives[0]
        source = inspect.getsource(download)
        assert archive.url in source
        assert archive.md5 in source


def test_published_numbers_ship():
    published = RESOURCES / "published"
    for name in ("author_logs", "author_kl", "author_kl_by_beta", "open_clip_zero_shot", "defense_prefix_unverified"):
        assert (published / f"{name}.csv").read_text().count("\n") > 4


def test_vl_bias_has_52_activities_and_13_occupations():
    kinds = [folder.partition("/")[0] for folder in downloaded_entry("vl_bias").folders]
    assert (kinds.count("verb"), kinds.count("occu")) == (52, 13)


@pytest.mark.skipif(not FACTS.is_dir(), reason=f"{FACTS} (the lists as handed over) is not there")
def test_shipped_lists_are_those_handed_over():
    handed_over = json.loads((FACTS / "prompts.json").read_text())
    for name, listed in handed_over.items():
        ours = prompts()[name]
        assert ours["template"] == listed["template"]
        assert ours["class_names"] == listed.get("class_names", ours["class_names"])
        for folder, text in listed.get("renamed_from", {}).items():
            if name == "caltech101":
                assert ours["class_names"][ours["folders"].index(folder)] == text
    assert "\n".join(synsets("imagenet100")) == (FACTS / "imagenet100_wnids.txt").read_text().strip()
    for path in FACTS.glob("*.csv"):
        assert (RESOURCES / "published" / path.name).read_bytes() == path.read_bytes()
