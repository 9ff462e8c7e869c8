"""Attacks over a manifest: exact records, and the same bytes in any order and with any number of workers."""

import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from tiny_world import SIZE_RANGE, TinyRun, tiny_config, write_tiny_world

from prefclip.attacks.attacked_manifest import ATTACKED_COLUMNS, read_attacked_manifest
from prefclip.attacks.looks import CONDITIONS
from prefclip.attacks.typography import AttackError, AttackSpec, attack_box, draw_attack, line_boxes
from prefclip.datasets.class_lists import ClassListError, read_classes, write_classes
from prefclip.datasets.image_stacks import ImageStackError, open_images, sha256_of_image
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import TableError, write_table
from prefclip.files import OutputError
from prefclip.seeds import seed_for


@pytest.fixture
def attacked(run):
    return run.build().attack()


def rewrite(path, frame):
    write_table(path, pa.Table.from_pandas(frame, preserve_index=False))


def test_manifest_records_what_was_drawn(attacked):
    manifest, images = read_attacked_manifest(attacked.attacked_manifest), open_images(attacked.attacked_images)
    clean, names = open_images(attacked.images), read_classes(attacked.classes).names
    assert tuple(manifest.columns) == ATTACKED_COLUMNS and images.shape == clean.shape
    for _, row in manifest.iterrows():
        place = (int(row["size"]), row["fill"], row["stroke"], int(row["box_left"]), int(row["box_top"]))
        spec = AttackSpec(row["word"], row["font"], *place)
        redrawn = np.asarray(draw_attack(Image.fromarray(clean[row["clean_row"]]), spec))
        assert (redrawn == images[row["row"]]).all() and sha256_of_image(redrawn) == row["sha256"]
        box = tuple(row[["box_left", "box_top", "box_right", "box_bottom"]])
        assert box == attack_box(spec) and json.loads(row["line_boxes"]) == [list(line) for line in line_boxes(spec)]
        outside = np.ones(redrawn.shape[:2], bool)
        outside[box[1] : box[3], box[0] : box[2]] = False
        assert (redrawn[outside] == clean[row["clean_row"]][outside]).all()
        assert names[row["word_label"]] == row["word"] != row["name"] == names[row["label"]]
        assert row["fill"] != row["stroke"] and row["size"] <= SIZE_RANGE[1]
        assert row["seed"] == seed_for("animals", row["id"], "attack", 0, 0)
        assert row["attacked_id"] == f"{row['id']}.w0"


def test_every_clean_image_is_attacked_once(attacked):
    clean, manifest = read_manifest(attacked.manifest), read_attacked_manifest(attacked.attacked_manifest)
    twins = clean.set_index("id").loc[manifest["id"]]
    assert manifest["id"].is_unique and len(manifest) == len(clean)
    for column in ("split", "label", "name"):
        assert (twins[column].to_numpy() == manifest[column].to_numpy()).all()
    assert (twins["row"].to_numpy() == manifest["clean_row"].to_numpy()).all()


def test_test_images_are_attacked_under_every_condition(run):
    painted = read_attacked_manifest(run.build().attack().attacked_manifest)
    under_all = read_attacked_manifest(run.attack(test_conditions=tuple(CONDITIONS)).attacked_manifest)
    assert set(under_all.loc[under_all["split"] != "test", "condition"]) == {"painted"}
    tests = under_all[under_all["split"] == "test"]
    assert (tests.groupby("id")["condition"].apply(list).map(tuple) == tuple(CONDITIONS)).all()
    assert (tests.groupby("id")[["word", "word_label", "variant"]].nunique() == 1).all(axis=None)
    for condition, rows in tests.groupby("condition"):
        look = CONDITIONS[condition].look
        assert set(rows["font"]) <= set(look.fonts)
        assert set(rows["fill"]) <= {*look.colours, *look.inks} and set(rows["stroke"]) <= {*look.colours, *look.papers}
    kept = under_all[under_all["condition"] == "painted"].drop(columns="row").reset_index(drop=True)
    assert kept.equals(painted.drop(columns="row"))


def test_variants_differ_and_keep_the_first(run):
    one = read_attacked_manifest(run.build().attack().attacked_manifest)
    three = read_attacked_manifest(run.attack(variants=3).attacked_manifest)
    assert len(three) == 3 * len(one) == len(open_images(run.attacked_images))
    assert list(three["row"]) == list(range(len(three)))
    assert sorted(set(three["attacked_id"].str.split(".").str[1])) == ["w0", "w1", "w2"]
    assert (three[three["variant"] == 0]["sha256"].to_numpy() == one["sha256"].to_numpy()).all()
    assert three["sha256"].is_unique


def test_another_seed_draws_another_attack(run):
    first = read_attacked_manifest(run.build().attack().attacked_manifest)
    second = read_attacked_manifest(run.attack(seed=1).attacked_manifest)
    assert (first["sha256"] != second["sha256"]).all() and (first["word"] != second["word"]).any()


@pytest.mark.parametrize("workers", [1, 2])
def test_row_order_and_workers_do_not_change_a_byte(run, workers, monkeypatch):
    expected = run.build().attack().bytes()
    manifest = read_manifest(run.manifest)
    rewrite(run.manifest, manifest.sample(frac=1, random_state=7))
    monkeypatch.setattr("prefclip.datasets.stack_writing.CHUNK_BYTES", 64 * 64 * 3 * 5)
    again = run.attack(workers=workers).bytes()
    for path in (run.attacked_images, run.attacked_manifest):
        assert again[path.name] == expected[path.name]


def test_order_of_the_clean_stack_does_not_change_the_attacks(run):
    expected = run.build().attack().bytes()[run.attacked_images.name]
    images, manifest = np.array(open_images(run.images)), read_manifest(run.manifest)
    np.save(run.images, images[::-1].copy())
    manifest["row"] = len(images) - 1 - manifest["row"]
    rewrite(run.manifest, manifest)
    assert run.attack().bytes()[run.attacked_images.name] == expected


def outputs_left(run):
    return sorted(path.name for path in run.folder.iterdir()) != ["animals.json", "animals.npy", "animals.parquet"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"variants": 0}, "variants 0, seed 0: at least 1 variant"),
        ({"seed": -1}, "a seed of 0 or more"),
        ({"size_range": (9, 8)}, "font sizes 9 to 8 px"),
    ],
)
def test_arguments_out_of_range(run, options, complaint):
    run.build()
    with pytest.raises(AttackError, match=complaint):
        run.attack(**options)
    assert not outputs_left(run)


@pytest.mark.parametrize("workers", [1, 2])
def test_word_that_cannot_fit_names_image_and_word(tmp_path, workers, monkeypatch):
    monkeypatch.setattr("prefclip.datasets.stack_writing.CHUNK_BYTES", 64 * 64 * 3 * 10)
    world = write_tiny_world(tmp_path / "world", {"animals": ["cat", "incomprehensibilities"]})
    run = TinyRun(tmp_path / "run", tiny_config(world)).build()
    with pytest.raises(AttackError, match=r"animals\.npy: image 'animals-\w+-\d+': the word 'incompre.*does not fit"):
        run.attack(workers=workers)
    assert not outputs_left(run)


def test_images_of_another_run_are_noticed(run):
    images = np.array(open_images(run.build().images))
    images[5, 0, 0, 0] ^= 1
    np.save(run.images, images)
    with pytest.raises(AttackError, match=r"animals\.npy: row 5 is not the image 'animals-test-00005' of the manifest"):
        run.attack()
    assert not outputs_left(run)


def test_too_few_images_are_noticed(run):
    np.save(run.images, np.array(open_images(run.build().images))[:10])
    with pytest.raises(AttackError, match=r"animals\.npy: has 10 images, but .*animals\.parquet points to row 37"):
        run.attack()


def test_classes_of_another_data_set_are_noticed(run):
    classes = read_classes(run.build().classes)
    write_classes(run.classes, type(classes)("animals", "train", (*classes.names[1:], "emu"), classes.template))
    with pytest.raises(AttackError, match=r"animals\.json: label 0 is not 'cat', as .*animals\.parquet says"):
        run.attack()
    assert not outputs_left(run)


def test_empty_manifest_is_named(run):
    rewrite(run.build().manifest, read_manifest(run.manifest).iloc[:0])
    with pytest.raises(AttackError, match=r"animals\.parquet: the manifest has no rows"):
        run.attack()


def test_class_list_of_one_name_is_refused(run):
    values = json.loads(run.build().classes.read_text())
    run.classes.write_text(json.dumps({**values, "names": ["cat"]}))
    with pytest.raises(ClassListError, match=r"animals\.json: 1 class name given"):
        run.attack()


@pytest.mark.parametrize(("name", "error"), [("manifest", TableError), ("images", ImageStackError)])
def test_truncated_inputs_are_named(run, name, error):
    path = getattr(run.build(), name)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(error, match=path.name):
        run.attack()
    assert not outputs_left(run)


def test_clean_manifest_is_no_attacked_manifest(run):
    with pytest.raises(TableError, match="column 'attacked_id' is missing"):
        read_attacked_manifest(run.build().manifest)


@pytest.mark.parametrize("workers", [1, 2])
def test_full_disk_leaves_nothing(run, largest_file, workers, monkeypatch):
    run.build()
    monkeypatch.setattr("prefclip.datasets.stack_writing.CHUNK_BYTES", 64 * 64 * 3 * 10)
    with largest_file(200_000), pytest.raises(OutputError, match=r"animals\.attacked\.npy: the disk is full"):
        run.attack(workers=workers)
    assert not outputs_left(run)
