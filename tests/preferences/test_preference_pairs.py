"""Preference pairs: the true label before the written one, on the training split only."""

import pyarrow as pa
import pytest

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import TableError, read_table, write_table
from prefclip.files import OutputError
from prefclip.preferences.errors import PreferenceError
from prefclip.preferences.pairs import build_pairs
from prefclip.training.pairs import PAIR_COLUMNS


@pytest.fixture
def attacked(run):
    return run.build().attack(variants=2)


def rewrite(path, frame):
    write_table(path, pa.Table.from_pandas(frame, preserve_index=False))


def test_one_pair_per_attacked_training_image(attacked, tmp_path):
    out = tmp_path / "pairs.parquet"
    assert build_pairs(attacked.manifest, attacked.attacked_manifest, out) == 2 * 24
    pairs, manifest = read_table(out), read_attacked_manifest(attacked.attacked_manifest).set_index("attacked_id")
    clean = read_manifest(attacked.manifest).set_index("id")
    assert {*PAIR_COLUMNS, "attacked_id"} == set(pairs.columns) and set(pairs["split"]) == {"train"}
    assert (manifest.loc[pairs["attacked_id"], "row"].to_numpy() == pairs["attacked_row"]).all()
    assert (manifest.loc[pairs["attacked_id"], "word_label"].to_numpy() == pairs["rejected_label"]).all()
    assert (clean.loc[pairs["id"], "row"].to_numpy() == pairs["row"]).all()
    assert (clean.loc[pairs["id"], "label"].to_numpy() == pairs["preferred_label"]).all()
    assert (pairs["preferred_label"] != pairs["rejected_label"]).all() and pairs["attacked_row"].is_monotonic_increasing


def test_row_order_of_the_inputs_does_not_matter(attacked, tmp_path):
    build_pairs(attacked.manifest, attacked.attacked_manifest, tmp_path / "a.parquet")
    for path, read in ((attacked.manifest, read_manifest), (attacked.attacked_manifest, read_attacked_manifest)):
        rewrite(path, read(path).sample(frac=1, random_state=1))
    build_pairs(attacked.manifest, attacked.attacked_manifest, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"split": "test"}, "no image is in the split 'train'"),
        ({"id": "animals-train-99999"}, "was not made from"),
        ({"label": 3, "word_label": 0}, "was not made from"),
        ({"clean_row": 0}, "was not made from"),
    ],
)
def test_strange_attacks_are_refused(attacked, tmp_path, change, complaint):
    rewrite(attacked.attacked_manifest, read_attacked_manifest(attacked.attacked_manifest).assign(**change))
    with pytest.raises(PreferenceError, match=rf"animals\.attacked\.parquet: .*{complaint}"):
        build_pairs(attacked.manifest, attacked.attacked_manifest, tmp_path / "pairs.parquet")
    assert not (tmp_path / "pairs.parquet").exists()


def test_written_word_that_is_the_true_class_is_refused(attacked, tmp_path):
    manifest = read_attacked_manifest(attacked.attacked_manifest)
    rewrite(attacked.attacked_manifest, manifest.assign(word_label=manifest["label"]))
    with pytest.raises(PreferenceError, match="the written word is the true class"):
        build_pairs(attacked.manifest, attacked.attacked_manifest, tmp_path / "pairs.parquet")


def test_missing_inputs_are_named(attacked, tmp_path):
    with pytest.raises(TableError, match=r"no\.parquet: no such file; make the attacks again"):
        build_pairs(attacked.manifest, tmp_path / "no.parquet", tmp_path / "pairs.parquet")
    with pytest.raises(TableError, match="column 'attacked_id' is missing"):
        build_pairs(attacked.manifest, attacked.manifest, tmp_path / "pairs.parquet")


def test_full_disk_leaves_nothing(attacked, tmp_path, largest_file):
    with largest_file(500), pytest.raises(OutputError, match=r"pairs\.parquet: the disk is full"):
        build_pairs(attacked.manifest, attacked.attacked_manifest, tmp_path / "out" / "pairs.parquet")
    assert list((tmp_path / "out").iterdir()) == []
