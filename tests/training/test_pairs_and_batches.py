"""Which pairs are trained on, and in which order."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tiny_training import IMAGES

from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.parquet_tables import write_table
from prefclip.errors import PrefclipError
from prefclip.training.batches import BatchReader
from prefclip.training.errors import TrainingError
from prefclip.training.pairs import check_labels, read_pairs
from prefclip.training.schedule import plan_steps


@pytest.fixture
def changed(files, tmp_path):
    """`changed(split="test")` writes the preferences with other columns and returns the path."""

    def write(**columns):
        table = pd.read_parquet(files.preferences).assign(**columns)
        write_table(tmp_path / "changed.parquet", pa.Table.from_pandas(table, preserve_index=False))
        return tmp_path / "changed.parquet"

    return write


@pytest.fixture
def reader(files):
    def make(batch_size=16, share=None, micro=None, with_clean=True, seed=0, dropped=0):
        pairs = read_pairs(files.preferences, IMAGES, IMAGES)
        stacks = open_images(files.images), open_images(files.attacked_images)
        plan = plan_steps(len(pairs), batch_size, 2, dropped)
        share = share or slice(0, batch_size)
        return BatchReader(pairs, *stacks, plan, batch_size, ("animals", seed), share, micro or batch_size, with_clean)

    return make


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_first_words_of_each_image_are_kept_in_order(changed, count):
    ids = [f"picture {place % 16}" for place in range(IMAGES)]  # three attacks on each, apart from one another
    pairs = read_pairs(changed(id=ids), IMAGES, IMAGES)
    kept = pairs.of_words(count, "methods.dpo.words")
    assert kept.positions.tolist() == list(range(16 * count)) and kept.ids.tolist() == ids[: 16 * count]
    assert kept.attacked_rows.tolist() == pairs.attacked_rows[: 16 * count].tolist()


def test_more_words_than_there_are_name_the_key(changed):
    pairs = read_pairs(changed(id=["one"] * (IMAGES - 2) + ["two"] * 2), IMAGES, IMAGES)
    with pytest.raises(
        TrainingError, match=r"^methods\.dpo\.words: 3 attacked images are asked for but .* only 2; lower"
    ):
        pairs.of_words(3, "methods.dpo.words")


def test_an_epoch_sees_every_pair_once(reader):
    batches = [batch.rows for batch in reader().batches()]
    assert len(batches) == 6
    first, second = np.concatenate(batches[:3]), np.concatenate(batches[3:])
    assert sorted(first) == sorted(second) == list(range(IMAGES))
    assert not np.array_equal(first, second)


def test_order_follows_from_the_seed(reader):
    orders = [np.concatenate([batch.rows for batch in reader(seed=seed).batches()]) for seed in (0, 0, 1)]
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])


def test_any_step_can_come_first(reader):
    batches = list(reader().batches())
    for first in range(len(batches) + 1):
        rest = list(reader().batches(first))
        assert len(rest) == len(batches) - first
        for batch, expected in zip(rest, batches[first:], strict=True):
            assert np.array_equal(batch.rows, expected.rows)
            assert np.array_equal(batch.chunks[0], expected.chunks[0])


def test_dropped_batches_are_the_last_of_each_epoch(reader):
    kept = [batch.rows for batch in reader(dropped=1).batches()]
    every = [batch.rows for batch in reader().batches()]
    assert [rows.tolist() for rows in kept] == [every[index].tolist() for index in (0, 1, 3, 4)]


def test_chunks_hold_clean_images_and_then_their_twins(reader, files):
    clean, attacked = np.load(files.images), np.load(files.attacked_images)
    batch = next(reader(micro=6).batches())
    assert [len(chunk) for chunk in batch.chunks] == [12, 12, 8]
    rows = batch.rows[6:12]
    assert np.array_equal(batch.chunks[1], np.concatenate([clean[rows], attacked[rows]]))
    alone = next(reader(with_clean=False).batches())
    assert np.array_equal(alone.chunks[0], attacked[alone.rows])


def test_processes_read_their_own_part(reader):
    whole = next(reader().batches())
    parts = [next(reader(share=slice(start, start + 8)).batches()) for start in (0, 8)]
    assert all(np.array_equal(part.rows, whole.rows) for part in parts)
    halves = np.concatenate([parts[0].chunks[0][:8], parts[1].chunks[0][:8]])
    assert np.array_equal(halves, whole.chunks[0][:16])


def test_subsets_are_nested_and_keep_all_attacks_of_an_image(changed):
    table = read_pairs(changed(id=[f"image-{index // 3}" for index in range(IMAGES)]), IMAGES, IMAGES)
    small, large = table.of_images(3, "animals"), table.of_images(7, "animals")
    assert len(small) == 9 and len(large) == 21
    assert set(small.ids) < set(large.ids)
    assert set(small.positions) < set(large.positions)
    assert set(table.of_images(3, "food").ids) != set(small.ids)
    assert len(table.of_images(99, "animals")) == IMAGES


def test_bad_preferences(changed, files):
    with pytest.raises(PrefclipError, match=r"holds pairs of the split 'test'; only train may be trained on"):
        read_pairs(changed(split=["test"] + ["train"] * (IMAGES - 1)), IMAGES, IMAGES)
    with pytest.raises(PrefclipError, match=r"row 47 is asked for but the image file holds 40 images"):
        read_pairs(files.preferences, 40, IMAGES)
    with pytest.raises(PrefclipError, match=r"attacked_row 47 is asked for but the image file holds 47 images"):
        read_pairs(files.preferences, IMAGES, 47)
    with pytest.raises(PrefclipError, match="label 3 has no class, the list holds 3"):
        check_labels("here", read_pairs(files.preferences, IMAGES, IMAGES), 3)
    with pytest.raises(PrefclipError, match="no such file; make it again with `prefclip pairs`"):
        read_pairs("absent.parquet", IMAGES, IMAGES)
