"""Manifests of the embedded world: counts, balance, held-out renderings, and the same bytes every time."""

import hashlib
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tiny_world import TinyRun, tiny_config, write_tiny_world

from prefclip.config import Config
from prefclip.datasets.build import build_manifest
from prefclip.datasets.card_files import UnknownDatasetError
from prefclip.datasets.class_lists import ClassListError, read_classes
from prefclip.datasets.emoji_scenes import EmojiWorldError
from prefclip.datasets.image_sets import ImageSet, ImageSetError
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import TableError, read_table, write_table
from prefclip.datasets.readers import embedded
from prefclip.datasets.readers.embedded import image_set, source_row
from prefclip.datasets.registry import EMBEDDED_DATASETS
from prefclip.files import OutputError

SHIPPED = Path(__file__).resolve().parents[2] / "resources/embedded"


def test_training_set_has_three_splits(run):
    manifest = read_manifest(run.build().manifest)
    assert Counter(manifest["split"]) == {"train": 24, "validation": 6, "test": 8}
    assert list(manifest["row"]) == list(range(38)) and list(manifest["id"]) == sorted(manifest["id"])
    assert {"animals-test-00007", "animals-train-00023", "animals-validation-00000"} <= set(manifest["id"])
    drawings = manifest.groupby("split")["cluster"].agg(set)
    assert not drawings["test"] & (drawings["train"] | drawings["validation"])
    assert drawings["validation"] <= drawings["train"]
    classes = read_classes(run.classes)
    assert (classes.role, classes.dataset, classes.names) == ("train", "animals", ("cat", "dog", "polar bear", "owl"))
    assert [classes.names[label] for label in manifest["label"]] == list(manifest["name"])


def test_zero_shot_sets_have_no_training_images(world, tmp_path):
    run = TinyRun(tmp_path, tiny_config(world), "food").build()
    assert Counter(read_manifest(run.manifest)["split"]) == {"validation": 6, "test": 8}
    assert read_classes(run.classes).role == "zero-shot"


def test_no_drawing_is_rendered_more_often_than_asked(world, tmp_path):
    run = TinyRun(tmp_path, tiny_config(world, test_images=1000, validation_images=1000, scenes=2), "food").build()
    manifest = read_manifest(run.manifest)
    assert Counter(manifest["split"]) == {"validation": 12, "test": 6}
    assert (manifest.groupby("cluster").size() == 2).all()


def test_sha256_is_that_of_the_pixels(run):
    manifest, images = read_manifest(run.build().manifest), open_images(run.images)
    assert images.shape == (38, 64, 64, 3)
    for row, sha256 in zip(manifest["row"], manifest["sha256"], strict=True):
        assert hashlib.sha256(images[row].tobytes()).hexdigest() == sha256


def test_no_rendering_occurs_in_two_splits(run):
    manifest = read_manifest(run.build().manifest)
    assert manifest["sha256"].is_unique


def test_repeated_and_parallel_builds_give_the_same_bytes(world, tmp_path):
    builds = [TinyRun(tmp_path / str(workers), tiny_config(world)).build(workers).bytes() for workers in (1, 1, 2)]
    builds += [TinyRun(tmp_path / "again", tiny_config(world)).build().bytes()]
    assert all(build == builds[0] for build in builds)


def test_more_images_leave_the_first_ones_as_they_are(world, tmp_path):
    few = TinyRun(tmp_path / "few", tiny_config(world)).build()
    many = TinyRun(tmp_path / "many", tiny_config(world, train_images=30)).build()
    few, many = (read_manifest(run.manifest).set_index("id")["sha256"] for run in (few, many))
    assert (many[few.index] == few).all()


@pytest.mark.parametrize(("split", "count"), [("test", 1280), ("test", 2880), ("train", 4000)])
def test_people_are_balanced(split, count):
    data = {
        "root": str(SHIPPED),
        "test_images": 2880,
        "people_train_images": 4000,
        f"{'people_' * (split == 'train')}{split}_images": count,
    }
    config = Config.model_validate({"data": data, "methods": {}})
    people = image_set(config, EMBEDDED_DATASETS["people"], "bias").records
    people = people[people["split"] == split]
    assert len(people) == count
    # Two of the styles that are trained on drew a few activities alone, in the default tone.
    small = {"emojione", "noto-v1"} & set(people["style"])
    assert bool(small) == (split == "train") and set(people.loc[people["style"].isin(small), "tone"]) <= {"default"}
    for columns, allowed in (
        (["label"], 1),
        (["gender"], 3 if split == "test" else 15),
        (["tone"], 3 if split == "test" else 165),
        (["label", "gender"], 4 if split == "test" else 6),
        (["gender", "tone"], 4 if split == "test" else 65),
    ):
        sizes = people.groupby(columns).size()
        assert sizes.max() - sizes.min() <= allowed, columns
    cells = people.groupby(["label", "gender", "tone", "style"]).size()
    assert cells.max() - cells.min() <= 1


def test_people_carry_their_attributes(world, tmp_path):
    run = TinyRun(tmp_path, tiny_config(world, test_images=27), "people").build()
    people = read_manifest(run.manifest)
    assert set(people["gender"]) == {"person", "man", "woman"} and set(people["tone"]) == {"default", "light", "dark"}
    assert dict(zip(people["name"], people["kind"], strict=True)) == {
        "cook": "occupations",
        "judge": "occupations",
        "running": "activities",
    }
    assert (people.groupby(["label", "gender", "tone", "style"]).size() == 1).all()
    assert read_classes(run.classes).role == "bias"


@pytest.mark.parametrize("count", [1, 2, 3, 13, 26, 54])
def test_a_class_shows_all_its_sources_before_one_comes_again(count):
    rows = list(range(100, 100 + count))
    for label in (0, 5):
        walk = [source_row(rows, label, turn) for turn in range(2 * count)]
        assert sorted(walk[:count]) == rows and walk[count:] == walk[:count]


def test_reader_order_does_not_matter(run, monkeypatch):
    """A reader may list files as the folder gives them; the manifest is in the order of the ids."""

    def backwards(config, card, role):
        images = image_set(config, card, role)
        last = len(images.records) - 1
        records = images.records.iloc[::-1].reset_index(drop=True)
        return ImageSet(images.names, records, images.size, lambda position: images.draw(last - position), "backwards")

    forwards = run.build().bytes()
    monkeypatch.setattr(embedded, "image_set", backwards)
    assert run.build().bytes() == forwards


def test_unknown_data_set_writes_nothing(run):
    run.dataset = "minerals"
    with pytest.raises(UnknownDatasetError, match="unknown data set 'minerals'; allowed: activities, animals"):
        run.build()
    assert not run.folder.exists()


@pytest.mark.parametrize(
    ("names", "complaint"),
    [(["cat"], "1 class name given"), (["cat", "cat"], "occurs twice"), (["cat", 7], "7 is no class name")],
)
def test_unusable_class_lists_name_file_and_data_set(tmp_path, names, complaint):
    root = write_tiny_world(tmp_path / "world", {"animals": names})
    with pytest.raises(ClassListError, match=rf"classes\.yaml: animals: .*{complaint}"):
        TinyRun(tmp_path / "run", tiny_config(root)).build()
    assert not (tmp_path / "run").exists()


def copy_of(world, tmp_path):
    return Path(shutil.copytree(world, tmp_path / "world"))


def test_class_without_images_is_named(world, tmp_path):
    root = copy_of(world, tmp_path)
    (root / "classes.yaml").write_text((root / "classes.yaml").read_text().replace("- owl", "- emu"))
    with pytest.raises(EmojiWorldError, match=r"emoji\.parquet: no image of 'emu' for animals"):
        TinyRun(tmp_path / "run", tiny_config(root)).build()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("animals: [", "not readable YAML"),
        ("animals: [cat, dog]\n", "expected class names for each data set"),
        ("", "expected class names for each data set"),
        ("food: [a, b]\npeople: {occupations: [a], activities: [b]}\n", "there is no data set 'animals'; listed: food"),
    ],
)
def test_broken_class_file_is_named(world, tmp_path, text, complaint):
    root = copy_of(world, tmp_path)
    (root / "classes.yaml").write_text(text)
    with pytest.raises(EmojiWorldError, match=rf"classes\.yaml: {complaint}"):
        TinyRun(tmp_path / "run", tiny_config(root)).build()


@pytest.mark.parametrize("name", ["emoji.parquet", "classes.yaml"])
def test_missing_raw_file_is_named(world, tmp_path, name):
    root = copy_of(world, tmp_path)
    (root / name).unlink()
    with pytest.raises((EmojiWorldError, TableError), match=f"{name}: no such file; restore it"):
        TinyRun(tmp_path / "run", tiny_config(root)).build()


@pytest.mark.parametrize("cut", [0, 10, 0.5, -1])
@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_source_image_leaves_nothing(world, tmp_path, cut, workers, monkeypatch):
    root = copy_of(world, tmp_path)
    sources = read_table(root / "emoji.parquet")
    content = sources.at[4, "webp"]
    sources.at[4, "webp"] = content[: int(cut * len(content)) if isinstance(cut, float) else cut]
    write_table(root / "emoji.parquet", pa.Table.from_pandas(sources, preserve_index=False))
    monkeypatch.setattr("prefclip.datasets.stack_writing.CHUNK_BYTES", 64 * 64 * 3 * 10)
    with pytest.raises(EmojiWorldError, match=r"emoji\.parquet: the image in row 4 \(0004\) is damaged; restore it"):
        TinyRun(tmp_path / "run", tiny_config(root)).build(workers)
    assert list((tmp_path / "run").iterdir()) == []


def test_truncated_source_file_is_named(world, tmp_path):
    root = copy_of(world, tmp_path)
    path = root / "emoji.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TableError, match=r"emoji\.parquet: not a readable Parquet file"):
        TinyRun(tmp_path / "run", tiny_config(root)).build()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("limit", [20_000, 200])
def test_full_disk_leaves_nothing(run, largest_file, limit):
    with largest_file(limit), pytest.raises(OutputError, match=r"animals\.npy: the disk is full"):
        run.build()
    assert list(run.folder.iterdir()) == []


def test_manifest_that_does_not_fit_takes_its_images_along(run, largest_file, tmp_path):
    """Images of 2 px fit below the limit, their manifest does not."""
    run.config = run.config.model_copy(update={"model": run.config.model.model_copy(update={"image_size": 2})})
    with largest_file(600), pytest.raises(OutputError, match=r"animals\.parquet: the disk is full"):
        run.build()
    assert list(run.folder.iterdir()) == []


def test_output_below_a_file_is_refused(run, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        build_manifest(run.config, "animals", tmp_path / "taken" / "deeper" / "a.npy", run.manifest, run.classes)


def test_manifest_that_lists_an_image_twice_is_refused(run):
    manifest = read_manifest(run.build().manifest)
    manifest.loc[3, "id"] = manifest.loc[4, "id"]
    write_table(run.manifest, pa.Table.from_pandas(manifest, preserve_index=False))
    with pytest.raises(TableError, match=r"animals\.parquet: the image 'animals-test-00004' is listed twice"):
        read_manifest(run.manifest)


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("id", "animals-test-00001", "occurs twice"),
        ("split", "val", "unknown split 'val'; allowed: train, validation, test"),
        ("label", 4, "has label 4; allowed: 0 to 3"),
    ],
)
def test_contradictory_records_are_refused(run, column, value, complaint):
    images = image_set(run.config, EMBEDDED_DATASETS["animals"], "bias")
    records = images.records.copy()
    records.loc[0, column] = value
    with pytest.raises(ImageSetError, match=f"somewhere: .*{complaint}"):
        ImageSet(images.names, records, images.size, images.draw, "somewhere")
    with pytest.raises(ImageSetError, match="there are no images"):
        ImageSet(images.names, records.iloc[:0], images.size, images.draw, "somewhere")


def test_pixels_are_not_constant(run):
    images = open_images(run.build().images)
    assert np.ptp(images.reshape(len(images), -1), axis=1).min() > 0
