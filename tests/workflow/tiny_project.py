"""A project in miniature: a world of coloured discs, a random base model, and a run made of it by the commands."""

import os
import shutil
import signal
import sys
from pathlib import Path

import torch
import yaml

from prefclip.cli import main
from prefclip.files import sha256_of, write_json
from prefclip.models.emoji_clip import EmojiClip, EmojiClipShape, vocabulary_of
from prefclip.models.emoji_clip_file import save_emoji_clip

RUN = "results/tiny"
MODEL = "emoji-clip"
DATASETS = ("animals", "food", "people")
SHAPE = {"channels": (4, 4, 8, 8, 8), "hidden": 16, "embed_dim": 8, "text_width": 16, "text_layers": 1, "text_heads": 2}
WORDS = "a photo of a cat dog polar bear owl egg hot pear man woman person cook judge pilot farmer running walking."
SETTINGS = {
    "experiment": "tiny",
    "data": {
        "root": "world",
        "zero_shot": ["food"],
        "bias": ["people"],
        "train_images": 24,
        "validation_images": 6,
        "test_images": 8,
    },
    "attack": {"smallest_size": 9, "largest_size": 14},
    "model": {"weights": "base.safetensors"},
    "training": {"epochs": 1, "batch_size": 8, "learning_rate": 1e-3},
    "evaluation": {"bootstrap_samples": 20},
    "methods": {"ce": {"objective": "ce", "averaging": False}, "dpo": {"objective": "dpo"}},
    "seeds": [0],
    "saliency": {"images": 4, "explainers": ["hires_cam", "integrated_gradients"], "steps": 2, "examples": 1},
}


def tuned(method: str, weights: str = "model") -> str:
    """Name of a checkpoint."""
    return f"{RUN}/checkpoints/{MODEL}/{method}/seed0/{weights}.safetensors"


# Every stage of a run in order, with a file that it makes last or alone.
STAGES = [
    (["fetch", RUN], f"{RUN}/sources/embedded/checksums.json"),
    *((["manifest", RUN, name], f"{RUN}/data/{name}/images.npy") for name in DATASETS),
    *((["attacks", RUN, name], f"{RUN}/attacked/{name}/images.npy") for name in DATASETS),
    *((["ink", RUN, name], f"{RUN}/ink/{name}/images.npy") for name in DATASETS),
    (["pairs", RUN, "animals"], f"{RUN}/preferences/animals.parquet"),
    (["reference", RUN], f"{RUN}/reference/{MODEL}/animals.safetensors"),
    (["train", RUN, "ce"], tuned("ce")),
    (["train", RUN, "dpo"], tuned("dpo")),
    *((["evaluate", RUN, name], f"{RUN}/predictions/{MODEL}/{name}/seed0.parquet") for name in ("clip", "ce", "dpo")),
    *((["saliency", RUN, name], f"{RUN}/saliency/{MODEL}/{name}/scores.parquet") for name in ("clip", "ce", "dpo")),
    *((["embed", RUN, name], f"{RUN}/embeddings/{MODEL}/{name}.safetensors") for name in ("clip", "ce", "dpo")),
    (["table", RUN, "saliency"], f"{RUN}/tables/saliency.tex"),
    (["figure", RUN, "saliency_grid"], f"{RUN}/figures/saliency_grid.png"),
    (["figure", RUN, "saliency_shares"], f"{RUN}/figures/saliency_shares.png"),
    (["figure", RUN, "embedding_plot"], f"{RUN}/figures/embedding_plot.png"),
    (["table", RUN, "typographic"], f"{RUN}/tables/typographic.tex"),
    (["figure", RUN, "training_curves"], f"{RUN}/figures/training_curves.png"),
]


def prefclip(*arguments: object) -> int:
    """Run the command in this process; the exit code."""
    argv, handler = sys.argv, signal.getsignal(signal.SIGTERM)
    sys.argv = ["prefclip", *map(str, arguments)]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = argv
        signal.signal(signal.SIGTERM, handler)
    return 0


def write_tiny_project(folder: Path, world: Path) -> Path:
    """Copy ``world`` and add its checksums, a base model with random weights, and a configuration."""
    shutil.copytree(world, folder / "world")
    shipped = ("classes.yaml", "emoji.parquet")
    write_json(folder / "world/checksums.json", {name: sha256_of(folder / "world" / name) for name in shipped})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = EmojiClip(EmojiClipShape(vocabulary=vocabulary_of([WORDS]), **SHAPE))
    save_emoji_clip(folder / "base.safetensors", model)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(SETTINGS))
    return folder


def run_all_stages(folder: Path) -> None:
    """Give every command by hand, in order."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert prefclip("init", "--config", "tiny.yaml") == 0
        for command, output in STAGES:
            assert prefclip(*command) == 0, command
            assert Path(output).is_file(), output
    finally:
        os.chdir(before)


def contents() -> dict[str, bytes]:
    """Every file below the current folder, but lineage records: those of outputs in the making are removed first."""
    found = sorted(path for path in Path().rglob("*") if path.is_file() and not path.name.endswith(".prov.json"))
    return {str(path): path.read_bytes() for path in found}
