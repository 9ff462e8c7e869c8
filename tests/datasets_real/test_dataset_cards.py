"""The cards of real data sets: complete, pinned, and in agreement with torchvision and published lists."""

import inspect
import json
import re
from pathlib import Path

import pytest
import torchvision

from prefclip.datasets.card import Card
from prefclip.datasets.families import families
from prefclip.datasets.fetch import ROUTES, manual_instructions
from prefclip.datasets.registry import DOWNLOADED_DATASETS, NotDownloadedError, downloaded_card
from prefclip.datasets.split_lists import read_split
from prefclip.run.plan import RESOURCES

FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts"
each_card = pytest.mark.parametrize("card", DOWNLOADED_DATASETS.values(), ids=lambda card: card.name)


def test_unknown_name_lists_the_allowed_ones():
    with pytest.raises(NotDownloadedError, match="unknown data set 'food202'; allowed: caltech101"):
        downloaded_card("food202")


@each_card
def test_cards_are_complete(card: Card):
    assert card.family in families()
    assert card.route == "manual" or card.route in ROUTES
    assert all((card.title, card.source, card.licence, card.citation, card.folder, card.layouts))
    assert card.template.count("{}") == 1
    assert all(count for count in card.splits.values()) or card.name == "gabinsight", "published"
    assert set(card.splits) <= {"train", "validation", "test"}
    assert card.released_split in card.splits
    if card.folders:
        assert len(card.folders) == len(set(card.folders)) == len(card.classes)
        # Labels follow the sorted folders; those of VL-Bias begin with the kind.
        assert list(card.folders) == sorted(card.folders, key=lambda folder: (folder.startswith("occu/"), folder))


@each_card
def test_accepted_mirrors_are_pinned(card: Card):
    for mirror in card.mirrors:
        if mirror.accepted:
            assert re.fullmatch("[0-9a-f]{40}", mirror.revision)
            assert mirror.address.startswith("hub:") or mirror.revision in mirror.address
        else:
            assert mirror.note
    accepted = [mirror for mirror in card.mirrors if mirror.accepted]
    assert accepted or card.route not in ("hub-parquet", "hub-zip", "photo-zip")
    assert all(mirror.licence for mirror in accepted[1:]), "what a mirror that is not the original states"


@each_card
def test_manual_sets_say_what_to_place_where(card: Card):
    if card.route == "manual":
        text = manual_instructions(card, Path("somewhere"))
        assert f"somewhere/{card.folder}" in text
        assert f"prefclip datasets check {card.name} --root somewhere" in text


@each_card
def test_only_imagenet_repeats_names(card: Card):
    repeated = {name for name in card.classes if card.classes.count(name) > 1}
    assert repeated == set(card.repeated_names)
    assert len(card.classes) - len(set(card.classes)) == len(repeated) == (2 if card.name == "imagenet" else 0)


def test_imagenet100_is_not_the_list_of_cmc():
    card, whole = downloaded_card("imagenet100"), downloaded_card("imagenet").folders
    ours, cmc = set(card.folders), set(*card.look_alikes.values())
    assert len(ours) == len(cmc) == 100 and len(ours & cmc) == 8 and ours | cmc <= set(whole)


def test_shipped_eurosat_split_is_the_published_one():
    card = downloaded_card("eurosat")
    split = read_split(card, *card.lists, card.split_md5)
    assert {name: len(paths) for name, paths in split.items()} == dict(card.splits)
    paths = [path for listed in split.values() for path in listed]
    assert len(set(paths)) == 27_000
    assert {path.partition("/")[0] for path in paths} == set(card.folders)


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
        assert {(archive.url, archive.md5) for archive in downloaded_card(name).archives} == archives
    assert downloaded_card("sun397").archives[0].md5 == torchvision.datasets.SUN397._DATASET_MD5
    official = dict(torchvision.datasets.imagenet.ARCHIVE_META.values())
    assert all(official[archive.path] == archive.md5 for archive in downloaded_card("imagenet").archives)
    for name, download in (
        ("caltech101", torchvision.datasets.Caltech101.download),
        ("eurosat", torchvision.datasets.EuroSAT.download),
    ):
        archive = downloaded_card(name).archives[0]
        source = inspect.getsource(download)
        assert archive.url in source
        assert archive.md5 in source


def test_published_numbers_ship():
    published = RESOURCES / "published"
    for name in ("author_logs", "author_kl", "author_kl_by_beta", "open_clip_zero_shot", "defense_prefix_unverified"):
        assert (published / f"{name}.csv").read_text().count("\n") > 4


def test_a_repository_is_pinned_at_one_commit():
    """That of Defense-Prefix has `rta100.zip` and the split list, that of PAINT its zip under today's name."""
    addresses = [mirror.address for card in DOWNLOADED_DATASETS.values() for mirror in card.mirrors if mirror.accepted]
    addresses += [archive.url for card in DOWNLOADED_DATASETS.values() for archive in card.archives]
    found = {match.groups() for address in addresses if (match := re.search(r"github.com/(.+)/raw/(\w{40})/", address))}
    assert found == {
        ("azuma164/Defense-Prefix", "50d7887017b295e76b15e56c137ab47e68264448"),
        ("mlfoundations/patching", "8574eb3842cb3e879b75a18b2b0bfcd3ef561efb"),
    }


def test_commands_for_what_needs_a_login():
    text = {name: manual_instructions(downloaded_card(name), "data") for name in ("imagenet100", "sun397", "vl_bias")}
    assert "KAGGLE_API_TOKEN" in text["imagenet100"]
    assert "kaggle datasets download ambityga/imagenet100 --path data/imagenet100 --unzip" in text["imagenet100"]
    assert "openxlab dataset get --dataset-repo OpenDataLab/SUN397 --target-path data\n" in text["sun397"]
    assert "gdown 1DztjuIHR7Wq-ddRlNWE4N-_HLPXfcBwZ" in text["vl_bias"]
    assert "gdown --folder" in manual_instructions(downloaded_card("disentangling"), "data")


def test_gabinsight_has_37_activities_in_three_parts():
    parts = [folder.split("/")[:2] for folder in downloaded_card("gabinsight").folders]
    assert [parts.count([f"phaze{number}", f"Phaze-{number}"]) for number in (1, 2, 3)] == [10, 15, 12]


def test_vl_bias_has_52_activities_and_13_occupations():
    kinds = [folder.partition("/")[0] for folder in downloaded_card("vl_bias").folders]
    assert (kinds.count("verb"), kinds.count("occu")) == (52, 13)


@pytest.mark.skipif(not FACTS.is_dir(), reason=f"{FACTS} (the lists as handed over) is not there")
def test_shipped_lists_are_those_handed_over():
    for name, listed in json.loads((FACTS / "prompts.json").read_text()).items():
        card = downloaded_card(name)
        assert card.template == listed["template"]
        assert list(card.classes) == listed.get("class_names", list(card.classes))
        if name == "caltech101":
            named = dict(zip(card.folders, card.classes, strict=True))
            assert {folder: named[folder] for folder in listed["renamed_from"]} == listed["renamed_from"]
    assert "\n".join(downloaded_card("imagenet100").folders) == (FACTS / "imagenet100_wnids.txt").read_text().strip()
    for path in FACTS.glob("*.csv"):
        assert (RESOURCES / "published" / path.name).read_bytes() == path.read_bytes()
