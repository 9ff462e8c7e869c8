"""The cached reference: what it holds, and when it is refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_training import IMAGES

from prefclip.errors import PrefclipError
from prefclip.models.image_tower import embed_images
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import read_tensors
from prefclip.training.reference import cache_reference, read_reference


def cache(files, output, **changes):
    paths = {name: getattr(files, name) for name in ("preferences", "images", "attacked_images")}
    cache_reference(files.config(), **{**paths, **changes}, output=output, device="cpu", threads=1)
    return output


def test_it_holds_the_untouched_models_embeddings(files):
    stored = read_tensors(files.reference, "").tensors
    loaded = load_model(files.config().model)
    for name, images in (("clean", files.images), ("attacked", files.attacked_images)):
        assert stored[name].shape == (IMAGES, 16) and stored[name].dtype == torch.float32
        assert torch.allclose(stored[name], embed_images(loaded, np.load(images), 5), atol=1e-5)
        assert torch.allclose(stored[name].norm(dim=-1), torch.ones(IMAGES), atol=1e-6)


def test_same_inputs_same_bytes(files, tmp_path):
    assert cache(files, tmp_path / "again.safetensors").read_bytes() == files.reference.read_bytes()


@pytest.mark.parametrize("part", ["images", "attacked_images"])
def test_other_images_are_refused(files, tune, tmp_path, part):
    images = np.load(getattr(files, part))
    images[3, 4, 5, 0] ^= 1
    np.save(tmp_path / "other.npy", images)
    with pytest.raises(PrefclipError, match=rf"reference\.safetensors: was made from other {part} than this run has; "):
        tune("dpo", "out", inputs={part: tmp_path / "other.npy"})
    assert not (tmp_path / "out").exists()


def test_other_pairs_are_refused(files, tune, tmp_path):
    pd.read_parquet(files.preferences).assign(note="x").to_parquet(tmp_path / "other.parquet")
    with pytest.raises(PrefclipError, match="was made from other preferences than"):
        tune("dpo", "out", inputs={"preferences": tmp_path / "other.parquet"})


def test_other_precision_is_refused(tune):
    with pytest.raises(PrefclipError, match="was made from other dtype than"):
        tune("dpo", "out", precision="bf16")


@pytest.mark.parametrize("part", ["weights", "preprocessing"])
def test_every_other_part_is_named(files, part):
    metadata = read_tensors(files.reference, "").metadata
    parts = {name: value for name, value in metadata.items() if name not in ("key", "format")}
    assert read_reference(files.reference, parts).clean.shape == (IMAGES, 16)
    with pytest.raises(PrefclipError, match=f"was made from other {part} than this run has"):
        read_reference(files.reference, {**parts, part: "other"})


def test_cut_short_or_of_another_kind(files, tune, tmp_path):
    half = tmp_path / "half.safetensors"
    half.write_bytes(files.reference.read_bytes()[:-100])
    for path, message in (
        (half, r"half\.safetensors: not a whole safetensors file .*make it again with `prefclip reference`"),
        (files.weights, "not a reference cache"),
        (tmp_path / "absent.safetensors", "no such file"),
    ):
        with pytest.raises(PrefclipError, match=message):
            tune("dpo", "out", inputs={"reference": path})
    with pytest.raises(PrefclipError, match=r"methods\.kto: needs the reference cache"):
        tune("kto", "out", inputs={"reference": None})


def test_full_disk_leaves_nothing(files, tmp_path, largest_file):
    with largest_file(1000), pytest.raises(PrefclipError, match="disk is full"):
        cache(files, tmp_path / "reference.safetensors")
    assert list(tmp_path.iterdir()) == []
