"""What an evaluation reads, in miniature: a tiny world, an EmojiClip with random weights and checkpoints of it."""

from pathlib import Path

import torch
from tiny_world import SIZE_RANGE, tiny_config

from prefclip.attacks.ink import draw_ink_twins
from prefclip.attacks.synthesis import synthesise_attacks
from prefclip.config import Config
from prefclip.datasets.build import build_manifest
from prefclip.files import write_text
from prefclip.models.checkpoints import save_weights, tuned_names
from prefclip.models.emoji_clip import EmojiClip, EmojiClipShape, vocabulary_of
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.models.loading import load_model
from prefclip.run.files import RunFiles

SHAPE = {"channels": (4, 4, 8, 8, 8), "hidden": 16, "embed_dim": 8, "text_width": 16, "text_layers": 1, "text_heads": 2}
METHODS = {"ce": {"objective": "ce", "averaging": False}, "dpo": {"objective": "dpo"}}


def write_scored_run(world: Path, folder: Path) -> tuple[Config, RunFiles]:
    """A run with images of three data sets, two words on each, a base model and a checkpoint of each method."""
    base = folder / "base.safetensors"
    names = "cat dog polar bear owl egg hot dog pear cook judge running"
    torch.manual_seed(0)
    save_emoji_clip(base, EmojiClip(EmojiClipShape(vocabulary=vocabulary_of([f"a photo of a {names}."]), **SHAPE)))
    values = tiny_config(world, zero_shot=["food"], bias=["people"]).model_dump()
    values |= {"experiment": "tiny", "methods": METHODS, "seeds": [0], "model": {"weights": str(base)}}
    values["evaluation"] = {"batch_size": 3, "bootstrap_samples": 50}
    values["attack"] = {"conditions": ["painted", "slip"]}
    config = Config.model_validate(values)
    layout = RunFiles(str(folder / "results"))
    write_text(layout.config, config.model_dump_json())
    for dataset in config.datasets:
        clean = (layout.images(dataset), layout.manifest(dataset), layout.classes(dataset))
        build_manifest(config, dataset, *clean)
        attacked = (layout.attacked_images(dataset), layout.attacked_manifest(dataset))
        conditions = config.attack_conditions(dataset)
        synthesise_attacks(clean[1], clean[0], clean[2], *attacked, SIZE_RANGE, variants=2, test_conditions=conditions)
        ink = (layout.ink_images(dataset), layout.ink_manifest(dataset))
        draw_ink_twins(dataset, attacked[1], clean[0], *ink, config.attack.ink, ("test",))
    loaded = load_model(config.model)
    for method, files in (("ce", ["raw"]), ("dpo", ["raw", "averaged"])):
        for shift, weights in enumerate(files):
            save_tuned(loaded, layout.checkpoint("emoji-clip", method, 0, weights), 0.1 * (shift + 1))
    return config, layout


def save_tuned(loaded, path, shift, **changed):
    """A checkpoint: the base's image tower with every weight moved by ``shift``, or replaced."""
    state = {name: loaded.model.state_dict()[name] for name in tuned_names(loaded.model, "image")}
    state = {name: value + shift if value.is_floating_point() else value for name, value in state.items()}
    metadata = {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": "image"}
    save_weights(path, {**state, **changed}, metadata)
