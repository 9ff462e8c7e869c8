"""Pretraining of emoji-clip: words alone first, then pictures and words, then text and image jointly.

The image tower learns against learnable anchors, one per caption; those of people are the sum of what they are composed
of, gender and concept. The text transformer is fitted to the anchors afterwards, then both towers are trained together.
With a randomly initialised text transformer on the other side similar towers learned pictures but never a word.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from prefclip.datasets.emoji_scenes import EmojiWorld
from prefclip.files import sha256_of, whole_file
from prefclip.models.emoji_clip import CompactTokenizer, EmojiClip, EmojiClipShape, vocabulary_of
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.training.pretraining_check import PretrainingCheck
from prefclip.training.pretraining_images import (
    Mixture,
    PretrainingBatches,
    ScenePool,
    caption_names,
    caption_parts,
    object_names,
)

TEMPLATES = ("a photo of a {}.", "a picture of a {}.", "an emoji of a {}.", "a {}.", "{}", "the word {}.")
LOG_EVERY = 250
# In the joint phase the text tower moves at every fourth step only: 393 prompts cost as much as 100 images.
TEXT_EVERY = 4
TEXT_LEARNING_SHARE = 0.3
LARGEST_SCALE = 100.0
HALF_AND_HALF = Mixture(pictures=0.30, words=0.15, caption_names_word=0.55, ink=0.30, people=0.35)
PICTURES_FIRST = Mixture(pictures=0.35, words=0.10, caption_names_word=0.5, ink=0.30, people=0.35)


@dataclass(frozen=True)
class PretrainingPlan:
    """The recipe. One step is one batch; each learning rate warms up, then follows a cosine.

    Words and mixture share one schedule, the joint phase has its own; ``scenes`` are pre-rendered pictures.
    """

    word_steps: int = 1800
    mixture_steps: int = 7500
    text_steps: int = 1000
    joint_steps: int = 1200
    batch_size: int = 128
    text_batch_size: int = 128
    learning_rate: float = 2e-3
    text_learning_rate: float = 1e-3
    joint_learning_rate: float = 6e-4
    weight_decay: float = 0.01
    warmup_steps: int = 100
    mixture: Mixture = HALF_AND_HALF
    joint_mixture: Mixture = PICTURES_FIRST
    scenes: int = 36_000
    seed: int = 0

    @property
    def anchored_steps(self) -> int:
        return self.word_steps + self.mixture_steps

    @property
    def image_steps(self) -> int:
        return self.anchored_steps + self.joint_steps

    def mixtures(self) -> list[Mixture]:
        words_alone = Mixture(pictures=0.0, words=1.0, caption_names_word=1.0)
        return (
            [words_alone] * self.word_steps
            + [self.mixture] * self.mixture_steps
            + [self.joint_mixture] * self.joint_steps
        )

    def learning_rate_at(self, step: int) -> float:
        if step < self.anchored_steps:
            return self.learning_rate * schedule(step, self.anchored_steps, self.warmup_steps)
        return self.joint_learning_rate * schedule(step - self.anchored_steps, self.joint_steps, self.warmup_steps)


def schedule(step: int, steps: int, warmup_steps: int) -> float:
    """Share of the peak learning rate: linear warm-up times cosine decay to 0."""
    return min(1.0, (step + 1) / warmup_steps) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


def pretrain_emoji_clip(world_folder: Path, plan: PretrainingPlan, output: Path, record: Path, threads: int) -> None:
    """Pretrain emoji-clip from the embedded images; write its weights and its training record, a CSV."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(plan.seed)
    world = EmojiWorld(world_folder)
    captions = caption_names(world)
    pool = ScenePool(world, captions, plan.scenes, plan.mixture.people, plan.seed)
    vocabulary = vocabulary_of([template.format(name) for template in TEMPLATES for name in captions])
    model = EmojiClip(EmojiClipShape(vocabulary=vocabulary))
    model.visual.to(memory_format=torch.channels_last)
    trainer = _Pretrainer(model, captions, plan, PretrainingCheck(world, captions))
    words = [(name, captions.index(name)) for name in object_names(world)]
    batches = PretrainingBatches(pool, words, plan.mixtures(), plan.batch_size, plan.seed)
    rows = list(trainer.run(iter(DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=8))))
    with whole_file(record) as temporary:
        pd.DataFrame(rows).to_csv(temporary, index=False, float_format="%.4f")
    images_sha256 = sha256_of(world_folder / "emoji.parquet")
    save_emoji_clip(output, model.eval(), {"pretraining": repr(asdict(plan)), "images_sha256": images_sha256})


class _Pretrainer:
    """The four phases over one model."""

    def __init__(self, model: EmojiClip, captions: list[str], plan: PretrainingPlan, check: PretrainingCheck):
        self.model, self.plan, self.check = model, plan, check
        tokenizer = CompactTokenizer(model.shape.vocabulary, model.shape.context_length)
        self.tokens = [tokenizer([template.format(name) for name in captions]) for template in TEMPLATES]
        composed = caption_parts(captions)
        parts = list(dict.fromkeys(part for names in composed for part in names))
        self.composition = torch.tensor([[float(part in names) for part in parts] for names in composed])
        self.parts = nn.Parameter(functional.normalize(torch.randn(len(parts), model.shape.embed_dim), dim=-1))
        self.optimizer = torch.optim.AdamW(
            [
                {"params": list(model.visual.parameters()), "weight_decay": plan.weight_decay, "share": 1.0},
                {"params": [self.parts, model.logit_scale], "weight_decay": 0.0, "share": 1.0},
            ],
            lr=plan.learning_rate,
        )

    def run(self, batches: Iterator[tuple[Tensor, Tensor]]) -> Iterator[dict]:
        """Train; yield one row of the record for every LOG_EVERY steps."""
        plan = self.plan
        losses, started = [], time.monotonic()
        for step, (images, labels) in enumerate(batches):
            if step == plan.anchored_steps:
                self._fit_text()
            captions = self._caption_features(step)
            losses.append(self._step(step, images, labels, captions))
            if (step + 1) % LOG_EVERY == 0 or step + 1 == plan.image_steps:
                row = {
                    "step": step + 1,
                    "phase": self._phase(step),
                    "loss": sum(losses) / len(losses),
                    "logit_scale": self.model.logit_scale.exp().item(),
                    "images_per_second": len(losses) * plan.batch_size / (time.monotonic() - started),
                    **self.check(self.model, self._final_captions(step)),
                }
                print(
                    "  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()),
                    flush=True,
                )
                yield row
                losses, started = [], time.monotonic()

    def _phase(self, step: int) -> str:
        if step < self.plan.word_steps:
            return "words"
        return "mixture" if step < self.plan.anchored_steps else "joint"

    def _step(self, step: int, images: Tensor, labels: Tensor, captions: Tensor) -> float:
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate_at(step) * group["share"]
        pixels = EmojiClip.normalise_pixels(images).contiguous(memory_format=torch.channels_last)
        scale = self.model.logit_scale.exp().clamp(max=LARGEST_SCALE)
        logits = scale * self.model.encode_image(pixels, normalize=True) @ captions.T
        loss = functional.cross_entropy(logits, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _caption_features(self, step: int) -> Tensor:
        """Anchors before the joint phase; after it the text tower's features, renewed at every TEXT_EVERY-th step."""
        if step < self.plan.anchored_steps:
            return self._anchors()
        turn, rest = divmod(step - self.plan.anchored_steps, TEXT_EVERY)
        if rest == 0:
            features = self.model.encode_text(self.tokens[turn % len(TEMPLATES)], normalize=True)
            self._recent_captions = features.detach()
            return features
        return self._recent_captions

    def _anchors(self) -> Tensor:
        return functional.normalize(self.composition @ self.parts, dim=-1)

    @torch.no_grad()
    def _final_captions(self, step: int) -> Tensor:
        if step < self.plan.anchored_steps:
            return self._anchors()
        return self.model.encode_text(self.tokens[0], normalize=True)

    def _fit_text(self) -> None:
        """Fit the text transformer to the anchors, then hand it to the optimizer of the joint phase."""
        plan = self.plan
        anchors = self._anchors().detach()
        scale = self.model.logit_scale.exp().item()
        text = list(self.model.text.parameters())
        optimizer = torch.optim.AdamW(text, plan.text_learning_rate, weight_decay=plan.weight_decay)
        cosine = torch.zeros(())
        for step in range(plan.text_steps):
            optimizer.param_groups[0]["lr"] = plan.text_learning_rate * schedule(
                step, plan.text_steps, plan.warmup_steps
            )
            chosen = torch.randperm(len(anchors))[: plan.text_batch_size]
            features = self.model.encode_text(self.tokens[step % len(TEMPLATES)][chosen], normalize=True)
            cosine = (features * anchors[chosen]).sum(dim=-1).mean()
            loss = (1 - cosine) + functional.cross_entropy(scale * features @ anchors.T, chosen)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        print(f"text tower fitted to the anchors: mean cosine {cosine.item():.3f}", flush=True)
        self.optimizer.add_param_group(
            {"params": text, "weight_decay": plan.weight_decay, "share": TEXT_LEARNING_SHARE}
        )
