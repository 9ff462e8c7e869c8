"""Pretraining of emoji-clip: words alone first, then pictures and words, then the text tower.

The image tower learns against learnable anchors, one per caption; those of people are the sum of what they are composed
of, gender and concept. The text transformer is fitted to the anchors afterwards, to a cosine above 0.99. With a text
transformer of random start on the other side similar towers learned pictures but never a word.
"""

import math
import time
from collections.abc import Iterable, Iterator
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
from prefclip.training.muon import Muon
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
LARGEST_SCALE = 100.0
WORDS_ALONE = Mixture(pictures=0.0, words=1.0, caption_names_word=1.0)
READING = Mixture(pictures=0.20, words=0.08, caption_names_word=0.8, ink=0.40, people=0.35)


@dataclass(frozen=True)
class PretrainingPlan:
    """The recipe. One step is one batch; each learning rate warms up, then follows a cosine.

    Words and mixture share one schedule; ``scenes`` are pre-rendered pictures. Convolutions move by Muon, all else by
    AdamW.
    """

    word_steps: int = 900
    mixture_steps: int = 9600
    text_steps: int = 2000
    batch_size: int = 128
    text_batch_size: int = 128
    learning_rate: float = 2e-3
    convolution_learning_rate: float = 2e-2
    text_learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    mixture: Mixture = READING
    scenes: int = 36_000
    seed: int = 0

    @property
    def image_steps(self) -> int:
        return self.word_steps + self.mixture_steps

    def mixtures(self) -> list[Mixture]:
        return [WORDS_ALONE] * self.word_steps + [self.mixture] * self.mixture_steps


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
    write_record(trainer.run(loaded(batches)), record)
    images_sha256 = sha256_of(world_folder / "emoji.parquet")
    save_emoji_clip(output, model.eval(), {"pretraining": repr(asdict(plan)), "images_sha256": images_sha256})


def loaded(batches: PretrainingBatches) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches that a process draws ahead."""
    return iter(DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=8))


def write_record(rows: Iterable[dict], record: Path) -> None:
    """Print the rows of a training record as they come, then write them as a CSV."""
    told = []
    for row in rows:
        print("  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)
        told.append(row)
    with whole_file(record) as temporary:
        pd.DataFrame(told).to_csv(temporary, index=False, float_format="%.4f")


class _Pretrainer:
    """The three phases over one model."""

    def __init__(self, model: EmojiClip, captions: list[str], plan: PretrainingPlan, check: PretrainingCheck):
        self.model, self.plan, self.check = model, plan, check
        tokenizer = CompactTokenizer(model.shape.vocabulary, model.shape.context_length)
        self.tokens = [tokenizer([template.format(name) for name in captions]) for template in TEMPLATES]
        composed = caption_parts(captions)
        parts = list(dict.fromkeys(part for names in composed for part in names))
        self.composition = torch.tensor([[float(part in names) for part in parts] for names in composed])
        self.parts = nn.Parameter(functional.normalize(torch.randn(len(parts), model.shape.embed_dim), dim=-1))
        convolutions = [weight for weight in model.visual.trunk.parameters() if weight.ndim == 4]
        others = [weight for weight in model.visual.parameters() if weight.ndim != 4]
        adamw = torch.optim.AdamW(
            [{"params": others}, {"params": [self.parts, model.logit_scale], "weight_decay": 0.0}],
            weight_decay=plan.weight_decay,
        )
        muon = Muon(convolutions, plan.convolution_learning_rate, weight_decay=plan.weight_decay)
        self.optimizers = {adamw: plan.learning_rate, muon: plan.convolution_learning_rate}

    def run(self, batches: Iterator[tuple[Tensor, Tensor]]) -> Iterator[dict]:
        """Train; yield one row of the record for every LOG_EVERY steps, and one of the fitted text tower."""
        plan = self.plan
        losses, started = [], time.monotonic()
        for step, (images, labels) in enumerate(batches):
            losses.append(self._step(step, images, labels))
            if (step + 1) % LOG_EVERY == 0 or step + 1 == plan.image_steps:
                phase = "words" if step < plan.word_steps else "mixture"
                rate = len(losses) * plan.batch_size / (time.monotonic() - started)
                yield self._row(step + 1, phase, sum(losses) / len(losses), rate, self._anchors().detach())
                losses, started = [], time.monotonic()
        loss = self._fit_text()
        with torch.no_grad():
            captions = self.model.encode_text(self.tokens[0], normalize=True)
        yield self._row(plan.image_steps + plan.text_steps, "text", loss, math.nan, captions)

    def _row(self, step: int, phase: str, loss: float, rate: float, captions: Tensor) -> dict:
        scale = self.model.logit_scale.exp().item()
        row = {"step": step, "phase": phase, "loss": loss, "logit_scale": scale, "images_per_second": rate}
        return row | self.check(self.model, captions)

    def _step(self, step: int, images: Tensor, labels: Tensor) -> float:
        self.model.train()
        share = schedule(step, self.plan.image_steps, self.plan.warmup_steps)
        for optimizer, rate in self.optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = rate * share
        pixels = EmojiClip.normalise_pixels(images).contiguous(memory_format=torch.channels_last)
        scale = self.model.logit_scale.exp().clamp(max=LARGEST_SCALE)
        logits = scale * self.model.encode_image(pixels, normalize=True) @ self._anchors().T
        loss = functional.cross_entropy(logits, labels)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return loss.item()

    def _anchors(self) -> Tensor:
        return functional.normalize(self.composition @ self.parts, dim=-1)

    def _fit_text(self) -> float:
        """Fit the text transformer to the anchors; returns the last loss."""
        plan = self.plan
        anchors = self._anchors().detach()
        scale = self.model.logit_scale.exp().item()
        optimizer = torch.optim.AdamW(self.model.text.parameters(), weight_decay=plan.weight_decay)
        loss = torch.zeros(())
        for step in range(plan.text_steps):
            rate = plan.text_learning_rate * schedule(step, plan.text_steps, plan.warmup_steps)
            optimizer.param_groups[0]["lr"] = rate
            chosen = torch.randperm(len(anchors))[: plan.text_batch_size]
            features = self.model.encode_text(self.tokens[step % len(TEMPLATES)][chosen], normalize=True)
            cosine = (features * anchors[chosen]).sum(dim=-1).mean()
            loss = (1 - cosine) + functional.cross_entropy(scale * features @ anchors.T, chosen)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return loss.item()
