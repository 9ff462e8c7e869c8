"""Files that training needs, in miniature: 32-pixel images, 48 pairs of 4 classes, a base of 9,000 weights."""

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import open_clip
import pandas as pd
import pyarrow as pa
import torch

from prefclip.config import Config
from prefclip.datasets.class_lists import ClassList, write_classes
from prefclip.datasets.parquet_tables import write_table
from prefclip.models.emoji_clip import EmojiClip, EmojiClipShape, vocabulary_of
from prefclip.models.emoji_clip_file import save_emoji_clip

NAMES = ("cat", "dog", "owl", "bear")
TEMPLATE = "a photo of a {}."
IMAGES = 48
SIZE = 32
METHODS = {
    "ce": {"objective": "ce", "averaging": False},
    "ce_kl": {"objective": "ce_kl"},
    "dpo": {"objective": "dpo"},
    "ipo": {"objective": "ipo", "parameters": {"beta": 0.1}},
    "kto": {"objective": "kto"},
    "kto_mismatched": {"objective": "kto", "parameters": {"reference_point": "mismatched"}},
}

TINY_VIT = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


def add_tiny_vit(folder: Path) -> str:
    """Make a ViT of open_clip's kind known to it that is small enough for tests; returns its name."""
    (folder / "tiny-vit.json").write_text(json.dumps(TINY_VIT))
    open_clip.add_model_config(folder / "tiny-vit.json")
    return "tiny-vit"


def tiny_shape(**changes: object) -> EmojiClipShape:
    """A small architecture that can read the class prompts."""
    vocabulary = vocabulary_of([TEMPLATE.format(name) for name in NAMES])
    sizes = {"channels": (4, 4, 8, 8, 8), "pooled": (1, 2), "hidden": 16, "embed_dim": 16}
    text = {"text_width": 16, "text_layers": 1, "text_heads": 2, "vocabulary": vocabulary}
    return EmojiClipShape(**{**sizes, **text, **changes})


def tiny_model(seed: int = 0, **changes: object) -> EmojiClip:
    """A random model whose batch norms have seen something, so that folding them matters."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = EmojiClip(tiny_shape(**changes)).eval()
        for module in model.visual.trunk:
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 2)
                module.weight.data.uniform_(0.5, 1.5)
                module.bias.data.normal_(0, 0.2)
    return model


@dataclass(frozen=True)
class TrainingFiles:
    """Input files of training in one folder."""

    folder: Path

    def __getattr__(self, name: str) -> Path:
        files = {
            "weights": "base.safetensors",
            "images": "images.npy",
            "attacked_images": "attacked.npy",
            "preferences": "preferences.parquet",
            "classes": "classes.json",
            "reference": "reference.safetensors",
        }
        if name not in files:
            raise AttributeError(name)
        return self.folder / files[name]

    def config(self, **training: object) -> Config:
        """6 steps of 16 pairs by default; a learning rate that moves something."""
        return Config.model_validate(
            {
                "data": {"train": "animals"},
                "model": {"name": "emoji-clip", "weights": str(self.weights), "image_size": SIZE},
                "training": {"epochs": 2, "batch_size": 16, "learning_rate": 1e-3, "warmup_ratio": 0.2, **training},
                "methods": METHODS,
            }
        )

    def inputs(self) -> dict[str, Path]:
        """The paths that `train` takes."""
        names = ("preferences", "images", "attacked_images", "classes", "reference")
        return {name: getattr(self, name) for name in names}


def write_training_files(folder: Path, count: int = IMAGES, side: int = SIZE) -> TrainingFiles:
    """Write all inputs but the reference cache: ``count`` images of ``side`` pixels."""
    files = TrainingFiles(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_emoji_clip(files.weights, tiny_model())
    write_classes(files.classes, ClassList("animals", "train", NAMES, TEMPLATE))
    generator = np.random.default_rng(0)
    true = np.arange(count) % len(NAMES)
    written = (true + generator.integers(1, len(NAMES), count)) % len(NAMES)
    colours = generator.integers(0, 256, (2, len(NAMES), 3))
    pixels = colours[0, true][:, None, None] + generator.normal(0, 40, (count, side, side, 3))
    clean = np.clip(pixels, 0, 255).astype(np.uint8)
    attacked = clean.copy()
    attacked[:, side // 4 : side // 2, side // 8 : side * 7 // 8] = colours[1, written][:, None, None]
    np.save(files.images, clean)
    np.save(files.attacked_images, attacked)
    ids = [f"animals-train-{index:05d}" for index in range(count)]
    table = {
        "id": ids,
        "attacked_id": [f"{image}.w0" for image in ids],
        "row": np.arange(count),
        "attacked_row": np.arange(count),
        "split": ["train"] * count,
        "preferred_label": true,
        "rejected_label": written,
    }
    write_table(files.preferences, pa.Table.from_pandas(pd.DataFrame(table), preserve_index=False))
    return files


def train_in_process(
    folder: Path, settings: dict, arguments: dict, kill: dict, rank: int, processes: int, meeting_place: str
) -> None:
    """Train in a process of its own: one of several under gloo, or one that kills itself.

    ``kill`` says after which ``step``, or at which one of the ``renames`` that make files whole.
    """
    import prefclip.files
    import prefclip.training.distributed
    from prefclip.training.loop import train
    from prefclip.training.progress import Progress

    torch.set_num_threads(1)
    files = TrainingFiles(folder)
    if processes > 1:
        os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(processes), "LOCAL_RANK": str(rank)}
        plain_join = torch.distributed.init_process_group
        torch.distributed.init_process_group = lambda backend, **options: plain_join(
            backend, init_method=f"file://{meeting_place}", **options
        )

    plain_step, plain_replace, renamed = Progress.step, os.replace, []

    def step(self: Progress, done: int, *rest: object) -> None:
        plain_step(self, done, *rest)
        if done == kill.get("step"):
            os.kill(os.getpid(), signal.SIGKILL)

    def replace(*paths: object) -> None:
        renamed.append(paths)
        if len(renamed) == kill.get("renames"):
            os.kill(os.getpid(), signal.SIGKILL)
        plain_replace(*paths)

    Progress.step = step
    prefclip.files.os.replace = replace
    train(files.config(**settings), **files.inputs(), **arguments, device="cpu", threads=1)
