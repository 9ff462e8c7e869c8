"""emoji-vit, distilled from emoji-clip: the same texts, and an image tower that answers as the convolutions do.

A small vision transformer does not learn to read from captions in minutes. On the first convolutions of the trained
tower and with its embeddings as the target it does.
"""

import copy
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from prefclip.datasets.emoji_scenes import EmojiWorld
from prefclip.files import sha256_of
from prefclip.models.emoji_clip import CompactTokenizer, EmojiClip
from prefclip.models.emoji_clip_file import read_emoji_clip, save_emoji_clip
from prefclip.models.image_tower import image_tower
from prefclip.training.pretraining import LOG_EVERY, TEMPLATES, loaded, schedule, write_record
from prefclip.training.pretraining_check import PretrainingCheck
from prefclip.training.pretraining_images import (
    Mixture,
    PretrainingBatches,
    ScenePool,
    caption_names,
    object_names,
)

MOST_PICTURES = Mixture(pictures=0.3, words=0.1, caption_names_word=0.5, ink=0.3)


@dataclass(frozen=True)
class DistillationPlan:
    """The recipe; the learning rate warms up, then follows a cosine."""

    vision_layers: int = 4
    steps: int = 2500
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_steps: int = 200
    mixture: Mixture = MOST_PICTURES
    scenes: int = 24_000
    seed: int = 0


def distil_emoji_vit(
    world_folder: Path, teacher_file: Path, plan: DistillationPlan, output: Path, record: Path, threads: int
) -> None:
    """Distil emoji-vit from emoji-clip on the embedded images; write its weights and its training record, a CSV."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(plan.seed)
    world = EmojiWorld(world_folder)
    captions = caption_names(world)
    teacher = read_emoji_clip(teacher_file).eval()
    pool = ScenePool(world, captions, plan.scenes, plan.mixture.people, plan.seed)
    words = [(name, captions.index(name)) for name in object_names(world)]
    batches = PretrainingBatches(pool, words, [plan.mixture] * plan.steps, plan.batch_size, plan.seed + 1)
    student = student_of(teacher, plan.vision_layers)
    check = PretrainingCheck(world, captions)
    images = (images for images, _ in loaded(batches))
    write_record(_distil(student, teacher, captions, plan, check, images), record)
    told = {"images_sha256": sha256_of(world_folder / "emoji.parquet"), "teacher_sha256": sha256_of(teacher_file)}
    save_emoji_clip(output, student.eval(), {"distillation": repr(asdict(plan)), **told})


def student_of(teacher: EmojiClip, layers: int) -> EmojiClip:
    """A transformer with the teacher's texts, logit scale and first convolutions."""
    student = EmojiClip(replace(teacher.shape, vision_layers=layers))
    student.text.load_state_dict(teacher.text.state_dict())
    student.logit_scale.data.copy_(teacher.logit_scale.data)
    kept = 3 * teacher.shape.stem
    for place in range(kept):
        student.visual.conv1[place] = copy.deepcopy(teacher.visual.trunk[place])
    return student


def _distil(
    student: EmojiClip,
    teacher: EmojiClip,
    captions: list[str],
    plan: DistillationPlan,
    check: PretrainingCheck,
    batches: Iterator[Tensor],
) -> Iterator[dict]:
    """Train the image tower; yield a row of the record for every LOG_EVERY steps."""
    tokenizer = CompactTokenizer(teacher.shape.vocabulary, teacher.shape.context_length)
    with torch.no_grad():
        texts = teacher.encode_text(tokenizer([TEMPLATES[0].format(name) for name in captions]), normalize=True)
    scale = float(teacher.logit_scale.detach().exp())
    answers = image_tower(teacher)
    optimizer = torch.optim.AdamW(student.visual.parameters(), plan.learning_rate, weight_decay=plan.weight_decay)
    losses, started = [], time.monotonic()
    for step, images in enumerate(batches):
        student.train()
        student.visual.conv1.eval()  # batch norm keeps the teacher's statistics
        optimizer.param_groups[0]["lr"] = plan.learning_rate * schedule(step, plan.steps, plan.warmup_steps)
        pixels = EmojiClip.normalise_pixels(images)
        with torch.no_grad():
            wanted = functional.normalize(answers(pixels), dim=-1)
        found = student.encode_image(pixels, normalize=True)
        target = functional.softmax(scale * wanted @ texts.T, dim=-1)
        told = functional.log_softmax(scale * found @ texts.T, dim=-1)
        cosine = (found * wanted).sum(dim=-1).mean()
        loss = (1 - cosine) + functional.kl_div(told, target, reduction="batchmean")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.visual.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % LOG_EVERY == 0 or step + 1 == plan.steps:
            speed = len(losses) * plan.batch_size / (time.monotonic() - started)
            row = {"step": step + 1, "loss": sum(losses) / len(losses), "images_per_second": speed}
            yield row | check(student, texts)
            losses, started = [], time.monotonic()
