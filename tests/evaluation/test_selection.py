"""Which images are scored."""

import pandas as pd
import pytest

from prefclip.config import EvaluationConfig
from prefclip.evaluation.selection import SelectionError, select_attacked, select_images


def manifest(count):
    rows = pd.DataFrame({"id": [f"a-{index:04}" for index in range(count)], "row": range(count), "split": "test"})
    return pd.concat([rows, rows.assign(id="t" + rows["id"], split="train")], ignore_index=True)


def chosen(count, **settings):
    return select_images(manifest(count), "a", "test", EvaluationConfig(**settings))


def test_all_images_of_the_split_are_scored_by_default():
    assert list(chosen(7)["id"]) == [f"a-{index:04}" for index in range(7)]


# What the released code scored: pets, cars, the capped sets, textures, aircraft.
LOGGED = [(3633, 3072), (8063, 7168), (5120, 4608), (1862, 1024), (3301, 2560)]
# Flowers, RTA-100, Disentangling, PAINT.
LOGGED_SMALL = [(1010, 1000), (990, 976), (179, 168), (109, 96)]


@pytest.mark.parametrize(("count", "scored"), [*LOGGED, *LOGGED_SMALL])
def test_dropped_batches_leave_as_many_images_as_the_released_code_scored(count, scored):
    assert len(chosen(count, batch_size=512, drop_last_batches=2)) == scored


def test_a_cap_takes_the_same_images_in_any_order_of_rows():
    rows = manifest(50)
    settings = EvaluationConfig(max_images=10)
    one = select_images(rows, "a", "test", settings)
    other = select_images(rows.sample(frac=1, random_state=1), "a", "test", settings)
    assert len(one) == 10 and set(one["id"]) == set(other["id"])
    assert list(one["row"]) == sorted(one["row"])
    assert list(one["id"]) != list(rows["id"][:10])


def test_a_cap_above_the_number_of_images_changes_nothing():
    assert len(chosen(9, max_images=100)) == 9


def test_nothing_to_score_is_one_clear_error():
    with pytest.raises(SelectionError, match=r"'validation'; its manifest has: test, train"):
        select_images(manifest(3), "a", "validation", EvaluationConfig())
    with pytest.raises(SelectionError, match=r"evaluation\.drop_last_batches: 2 batches of 256 leave none of the 15"):
        chosen(15, drop_last_batches=2)


def test_every_clean_image_needs_its_twins():
    clean = chosen(3)
    painted = pd.DataFrame({"id": ["a-0000", "a-0001", "a-0000"], "row": range(3), "condition": "painted"})
    on_slips = pd.DataFrame({"id": list(clean["id"]), "row": range(3, 6), "condition": "slip"})
    attacked = pd.concat([painted, on_slips], ignore_index=True)
    with pytest.raises(SelectionError, match=r"1 images have no typographic twin \(painted\), a-0002"):
        select_attacked(attacked, clean, "a")
    assert list(select_attacked(attacked, clean.head(2), "a")["row"]) == [0, 1, 2]
    assert list(select_attacked(attacked, clean, "a", "slip")["row"]) == [3, 4, 5]
    with pytest.raises(SelectionError, match=r"1 images have no typographic twin \(slip\), a-0001"):
        select_attacked(attacked.drop(index=4), clean, "a", "slip")
