"""Further words for training images: those of the main run and more, on no image that is ever scored."""

import numpy as np
import pytest
from tiny_world import TinyRun, tiny_config

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.attacks.further_words import images_with_further_words
from prefclip.attacks.typography import AttackError
from prefclip.config import Config
from prefclip.datasets.image_stacks import open_images

GRID = {"vary": "words", "methods": ["dpo"], "values": [1, 3], "fixed": {"max_train_images": 5}}


@pytest.fixture
def config(world) -> Config:
    """24 training images; a sweep that wants three words on five of them."""
    values = tiny_config(world).model_dump(exclude={"sweeps"})
    return Config.model_validate({**values, "methods": {"dpo": {"objective": "dpo"}}, "sweeps": {"grids": {"w": GRID}}})


def test_the_first_word_of_each_image_is_that_of_the_main_run(config, tmp_path):
    run = TinyRun(tmp_path, config).build().attack()
    main, pixels = read_attacked_manifest(run.attacked_manifest), np.array(open_images(run.attacked_images))
    words, only = images_with_further_words(config, "animals", run.manifest)
    further = read_attacked_manifest(run.attack(variants=words, only=only).attacked_manifest)
    assert words == 3 and len(only) == 5 and set(further["split"]) == {"train"}
    assert sorted(further["id"]) == sorted(only * 3) and further["row"].tolist() == list(range(15))
    stack = open_images(run.attacked_images)
    for _, row in further[further["variant"] == 0].iterrows():
        twin = main.set_index("attacked_id").loc[row["attacked_id"]]
        assert (row["word"], row["seed"], row["sha256"]) == (twin["word"], twin["seed"], twin["sha256"])
        assert (stack[row["row"]] == pixels[twin["row"]]).all()
    assert further.groupby("id")["sha256"].nunique().eq(3).all()


@pytest.mark.parametrize("dataset", ["animals", "food"])
def test_words_that_no_sweep_asks_for_are_refused(config, world, dataset):
    asked = config if dataset == "food" else tiny_config(world)
    with pytest.raises(AttackError, match=rf"data set {dataset}: no sweep trains on more .* sweeps\.grids"):
        images_with_further_words(asked, dataset, "never-read.parquet")
