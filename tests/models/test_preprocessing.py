"""Pixels to tensors, as open_clip's own transforms do it."""

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import normalize, to_tensor

from prefclip.models.preprocessing import ImageShapeError, Preprocess

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("mean", "std"), [(open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD), ((0.5,) * 3, (0.25,) * 3)]
)
def test_equals_torchvision(mean, std):
    expected = torch.stack([normalize(to_tensor(Image.fromarray(image)), mean, std) for image in PIXELS])
    for images in (PIXELS, torch.from_numpy(PIXELS)):
        result = Preprocess(8, mean, std)(images)
        assert torch.equal(result, expected)
        assert result.is_contiguous(memory_format=torch.channels_last)


def test_input_stays_as_it_was():
    before = PIXELS.copy()
    Preprocess(8, (0.5,) * 3, (0.5,) * 3)(PIXELS)
    assert np.array_equal(PIXELS, before)


def test_memory_mapped_images(tmp_path):
    np.save(tmp_path / "images.npy", PIXELS)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    preprocess = Preprocess(8, (0.5,) * 3, (0.5,) * 3)
    assert torch.equal(preprocess(mapped), preprocess(PIXELS))


@pytest.mark.parametrize("images", [PIXELS[:, :4], PIXELS[0], PIXELS.astype(np.float32), PIXELS.transpose(0, 3, 1, 2)])
def test_other_images_are_refused(images):
    with pytest.raises(ImageShapeError, match=r"must be uint8 \(B, 8, 8, 3\) for this model, got"):
        Preprocess(8, (0.5,) * 3, (0.5,) * 3)(images)


def test_key_tells_settings_apart():
    keys = {Preprocess(size, (mean,) * 3, (0.5,) * 3).key for size in (8, 9) for mean in (0.4, 0.5)}
    assert len(keys) == 4
