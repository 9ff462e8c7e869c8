"""Settings and files that training refuses, each with a message that names them."""

import json

import numpy as np
import pytest

from prefclip.errors import PrefclipError
from prefclip.models.tensor_files import read_tensors, write_tensors
from prefclip.training.loop import train


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("clip", r"methods: 'clip' is the untouched model and is not trained; allowed: ce, ce_kl, dpo, ipo, kto"),
        ("ppo", r"methods: 'ppo' is not in the config; allowed: ce, ce_kl, dpo"),
    ],
)
def test_methods(tune, method, message):
    with pytest.raises(PrefclipError, match=message):
        tune(method, "out")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 49}, r"training\.batch_size: 48 pairs give 0 full batches of 49"),
        ({"drop_last_batches": 3}, r"3 full batches of 16, and training\.drop_last_batches leaves out 3"),
        ({"max_train_images": 10}, r"training\.batch_size: 10 pairs give 0 full batches of 16"),
    ],
)
def test_settings(tune, tmp_path, settings, message):
    with pytest.raises(PrefclipError, match=message):
        tune("dpo", "out", **settings)
    assert not (tmp_path / "out").exists()


def test_a_batch_of_its_own_is_named_by_its_own_key(files, tmp_path):
    config = files.config()
    methods = {"dpo": config.methods["dpo"].model_copy(update={"batch_size": 49})}
    with pytest.raises(PrefclipError, match=r"methods\.dpo\.batch_size: 48 pairs give 0 full batches of 49"):
        train(config.model_copy(update={"methods": methods}), "dpo", 0, **files.inputs(), output_folder=tmp_path)


def test_truncated_images(tune, files, tmp_path):
    path = tmp_path / "images.npy"
    path.write_bytes(files.images.read_bytes()[:-500])
    with pytest.raises(PrefclipError, match=r"images\.npy: not a readable stack of images, or cut short"):
        tune("ce", "out", inputs={"images": path})


def test_images_of_another_size(tune, files, tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.load(files.images)[:, :16, :16])
    with pytest.raises(PrefclipError, match=r"images\.npy: holds images of 16 × 16 pixels but model\.image_size is 32"):
        tune("ce", "out", inputs={"images": path})


def test_labels_without_class(tune, files, tmp_path):
    classes = json.loads(files.classes.read_text())
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({**classes, "names": classes["names"][:3]}))
    with pytest.raises(PrefclipError, match="label 3 has no class, the list holds 3"):
        tune("ce", "out", inputs={"classes": path})


def test_reference_with_nan(tune, files, tmp_path):
    stored = read_tensors(files.reference, "")
    path = tmp_path / "reference.safetensors"
    write_tensors(path, {**stored.tensors, "clean": stored.tensors["clean"] * float("nan")}, stored.metadata)
    with pytest.raises(PrefclipError, match="holds values that are not finite"):
        tune("dpo", "out", inputs={"reference": path})


def test_read_only_results(tune, tmp_path):
    (tmp_path / "blocked").write_text("a file where a folder should be")
    with pytest.raises(PrefclipError, match=r"blocked/out/training_log\.csv: cannot be written"):
        tune("ce", "blocked/out")
