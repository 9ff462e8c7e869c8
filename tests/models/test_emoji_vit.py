"""The transformer twin of the embedded model: the same texts, other eyes."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from open_clip.transformer import VisionTransformer
from tiny_training import tiny_model

from prefclip.models.emoji_clip_file import read_emoji_clip, save_emoji_clip
from prefclip.training.distillation import DistillationPlan, distil_emoji_vit, student_of

SHIPPED = Path(__file__).resolve().parents[2] / "resources/embedded"


@pytest.fixture(scope="module")
def shipped():
    return [read_emoji_clip(SHIPPED / f"{name}.safetensors").eval() for name in ("emoji-clip", "emoji-vit")]


def test_the_shipped_twin_is_a_transformer_with_the_texts_of_the_shipped_model(shipped):
    teacher, twin = shipped
    assert isinstance(twin.visual, VisionTransformer)
    assert twin.shape == replace(teacher.shape, vision_layers=4)
    assert torch.equal(twin.logit_scale, teacher.logit_scale)
    told = teacher.text.state_dict()
    assert all(torch.equal(tensor, told[name]) for name, tensor in twin.text.state_dict().items())


def test_the_shipped_twin_keeps_the_statistics_of_the_first_convolutions(shipped):
    teacher, twin = shipped
    there, here = dict(teacher.visual.trunk.named_buffers()), dict(twin.visual.conv1.named_buffers())
    assert here and all(torch.equal(buffer, there[name]) for name, buffer in here.items())


def test_a_twin_starts_from_its_teacher_and_goes_through_a_file(tmp_path):
    teacher = tiny_model()
    twin = student_of(teacher, layers=2).eval()
    for place in range(3 * teacher.shape.stem):
        for name, tensor in twin.visual.conv1[place].state_dict().items():
            assert torch.equal(tensor, teacher.visual.trunk[place].state_dict()[name])
    save_emoji_clip(tmp_path / "twin.safetensors", twin)
    again = read_emoji_clip(tmp_path / "twin.safetensors").eval()
    images = torch.randn(2, 3, 64, 64)
    assert torch.allclose(again.encode_image(images), twin.encode_image(images), atol=0.02)


@pytest.mark.slow
def test_distillation_gives_the_same_bytes_twice(tmp_path):
    plan = DistillationPlan(vision_layers=1, steps=2, batch_size=8, warmup_steps=1, scenes=40)
    for name in ("one", "two"):
        out, record = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.csv"
        distil_emoji_vit(SHIPPED, SHIPPED / "emoji-clip.safetensors", plan, out, record, threads=1)
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()
    assert (tmp_path / "one.csv").read_text().startswith("step,loss,images_per_second,clean_in")
