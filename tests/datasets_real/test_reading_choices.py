"""Splits and caps of the two protocols."""

import pandas as pd
import pytest
from tiny_sets import BUILDERS

from prefclip.config import check_config
from prefclip.config.pictures import ReadingConfig
from prefclip.datasets.families import reader_of
from prefclip.datasets.image_stacks import open_images, sha256_of_image
from prefclip.datasets.reading_choices import ReadingChoiceError, choose_records
from prefclip.datasets.registry import downloaded_card
from prefclip.datasets.stack_writing import write_images
from prefclip.files import whole_file


def choices_for(protocol: str) -> ReadingConfig:
    return check_config({"protocol": protocol, "methods": {}}, "test").reading


PAPER, RELEASED = choices_for("paper"), choices_for("released_code")


def listed(name: str) -> pd.DataFrame:
    """Records as a reader lists them, with the published counts but without files."""
    card = downloaded_card(name)
    splits = [split for split, count in card.splits.items() for _ in range(count)]
    records = pd.DataFrame({"path": [f"{place:06d}.jpg" for place in range(len(splits))], "split": splits})
    return records.assign(label=0)


def test_paper_protocol_reads_the_whole_official_test_split():
    assert (PAPER.bottleneck, PAPER.colours, PAPER.drop) == (None, "as_stored", 0.0)
    for name, count in {"oxford_pets": 3669, "flowers102": 6149, "caltech101": 8677, "sun397": 19850}.items():
        chosen = choose_records(downloaded_card(name), listed(name), "zero-shot", PAPER)
        assert len(chosen) == count
        assert set(chosen["split"]) == {"test"}


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("imagenet", 5120),
        ("caltech101", 8591),
        ("oxford_pets", 3633),
        ("stanford_cars", 8063),
        ("flowers102", 1010),
        ("food101", 5120),
        ("fgvc_aircraft", 3301),
        ("dtd", 1862),
        ("sun397", 5120),
        ("eurosat", 5120),
        ("disentangling", 179),
        ("paint", 109),
        ("rta100", 990),
    ],
)
def test_released_code_pools_have_the_logged_sizes(name, pool):
    role = downloaded_card(name).role
    chosen = choose_records(downloaded_card(name), listed(name), role, RELEASED)
    assert len(chosen) == pool
    assert set(chosen["split"]) == {"test"}


def test_released_code_has_its_image_path():
    assert (RELEASED.bottleneck, RELEASED.colours, RELEASED.splits) == (168, "as_stored", "released")


def test_released_code_scores_train_splits():
    records = listed("flowers102")
    chosen = choose_records(downloaded_card("flowers102"), records, "zero-shot", RELEASED)
    assert set(records.loc[chosen.index, "split"]) == {"train"}


@pytest.mark.parametrize(("name", "train"), [("food101", 53025), ("imagenet100", 104000)])
def test_released_code_cuts_its_training_set_in_three(name, train):
    records = listed(name)
    chosen = choose_records(downloaded_card(name), records, "train", RELEASED)
    assert chosen["split"].value_counts().to_dict() == {"train": train, "test": 2048, "validation": 5120}
    assert set(records.loc[chosen.index, "split"]) == {"train"}
    assert chosen.index.is_unique


def test_official_training_set_keeps_its_splits():
    chosen = choose_records(downloaded_card("flowers102"), listed("flowers102"), "train", PAPER)
    assert chosen["split"].value_counts().to_dict() == {"train": 1020, "validation": 1020, "test": 6149}
    choices = PAPER.model_copy(update={"validation_images": 750})
    chosen = choose_records(downloaded_card("food101"), listed("food101"), "train", choices)
    assert chosen["split"].value_counts().to_dict() == {"train": 75_000, "validation": 750, "test": 25_250}


def test_draws_depend_on_path_and_seed_alone():
    card, records = downloaded_card("dtd"), listed("dtd")
    chosen = set(choose_records(card, records, "zero-shot", RELEASED)["path"])
    turned = records.iloc[::-1].reset_index(drop=True)
    assert set(choose_records(card, turned, "zero-shot", RELEASED)["path"]) == chosen
    other = RELEASED.model_copy(update={"split_seed": 1})
    assert set(choose_records(card, records, "zero-shot", other)["path"]) != chosen


def test_choices_that_do_not_fit():
    with pytest.raises(ReadingChoiceError, match="caltech101 has no training split"):
        choose_records(downloaded_card("caltech101"), listed("caltech101"), "train", PAPER)
    with pytest.raises(ReadingChoiceError, match="80000 asked, but food101 has 75750"):
        choices = PAPER.model_copy(update={"validation_images": 80_000})
        choose_records(downloaded_card("food101"), listed("food101"), "train", choices)


@pytest.mark.parametrize("workers", [1, 2])
def test_images_stream_into_a_memory_map(workers, tmp_path):
    import pyarrow as pa

    card = BUILDERS["rta100"](tmp_path)
    data = {"source": "downloaded", "root": str(tmp_path)}
    values = {"data": data, "model": {"image_size": 32}, "reading": {"bottleneck": 16}, "methods": {}}
    images = reader_of(card).image_set(check_config(values, "test"), card, "real")
    assert list(images.records["id"]) == ["label=bag_text=dog.jpg", "label=dog_text=bag.jpg"]
    assert list(images.records.columns) == ["id", "split", "label", "word", "word_label"]
    out = tmp_path / "rta100.npy"
    with whole_file(out) as temporary:
        drawn = write_images(temporary, 2, (32, 32), Columnless(images.draw), pa.schema([]), workers)
    stack = open_images(out)
    assert stack.shape == (2, 32, 32, 3)
    assert drawn["sha256"].to_pylist() == [sha256_of_image(stack[row]) for row in (0, 1)]


class Columnless:
    """A picklable drawing function without further columns."""

    def __init__(self, draw):
        self.draw = draw

    def __call__(self, row: int):
        return self.draw(row), {}
