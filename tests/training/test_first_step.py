"""Before the first step the policy is the reference: in every precision, whatever is trained."""

import numpy as np
import pytest
import torch

from prefclip.config import Config
from prefclip.datasets.class_lists import read_classes
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import read_tensors
from prefclip.models.trainable import select_trainable
from prefclip.training.policy import Policy, class_logits
from prefclip.training.reference import cache_reference


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("trainable", ["image", "all", "head"])
@pytest.mark.parametrize("kind", ["emoji-clip", "tiny-vit"])
def test_logits_are_those_of_the_reference(kind, trainable, precision, files, tiny_vit, tmp_path):
    values = files.config(precision=precision, trainable=trainable).model_dump()
    if kind == tiny_vit:
        values["model"] = {"name": tiny_vit, "weights": "random", "image_size": 32}
    config = Config.model_validate(values)
    stacks = (files.images, files.attacked_images)
    cache_reference(config, files.preferences, *stacks, tmp_path / "reference.safetensors", device="cpu", threads=1)
    cached, _ = read_tensors(tmp_path / "reference.safetensors", "")
    loaded = load_model(config.model)
    select_trainable(loaded.model, trainable)
    policy = Policy(loaded, read_classes(files.classes), trainable, precision, compiled=False)
    for name, stack in zip(("clean", "attacked"), stacks, strict=True):
        with torch.no_grad():
            now = policy(torch.from_numpy(np.load(stack)[:16]))
        reference = class_logits(cached[name][:16], policy.first_texts, policy.first_scale)
        assert torch.allclose(class_logits(*now), reference, rtol=0, atol=1e-4)
