"""Files that concept maps need, in miniature: a tiny world's animals and people, a random emoji-clip, and both maps."""

from dataclasses import dataclass
from pathlib import Path

import torch
from tiny_world import SIZE_RANGE, tiny_config, write_tiny_world

from prefclip.attacks.synthesis import synthesise_attacks
from prefclip.config import Config
from prefclip.config.analyses import ConceptConfig
from prefclip.datasets.build import build_manifest
from prefclip.models.emoji_clip import EmojiClip, EmojiClipShape, vocabulary_of
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.preferences.gender_pairs import gender_pairs
from prefclip.preferences.pairs import build_pairs
from prefclip.run.files import RunFiles
from prefclip.training.concept_training import train_concept_map
from prefclip.training.reference import cache_reference

PEOPLE = {"occupations": ["cook", "judge", "pilot", "farmer"], "activities": ["running", "walking"]}
SHAPE = {"channels": (4, 4, 8, 8, 8), "hidden": 16, "embed_dim": 8, "text_width": 16, "text_layers": 1, "text_heads": 2}
SCALES = (-2.0, -1.0, 0.0, 1.0, 2.0)


def concept_settings(concept: str, **options: object) -> ConceptConfig:
    """Settings that train for a few steps and measure five t."""
    defaults = {"epochs": 2, "batch_size": 8, "scales": SCALES, "top": (2, 5)}
    return ConceptConfig(concept=concept, **{**defaults, **options})


@dataclass(frozen=True)
class ConceptRun:
    """A run with everything that the concept stages read."""

    config: Config
    layout: RunFiles

    def pairs(self, preference: str = "factual") -> str:
        return self.layout.gender_pairs("people", preference)

    def train_reading(self, folder: Path, seed: int = 0, **options: object) -> Path:
        """Train a reading map; returns its file."""
        data = self.config.data.train
        train_concept_map(
            self.config,
            concept_settings("reading", **options),
            seed,
            preferences=self.layout.preferences(data),
            images=self.layout.images(data),
            attacked_images=self.layout.attacked_images(data),
            classes=self.layout.classes(data),
            reference=self.layout.reference("emoji-clip", data),
            out_map=folder / "map.safetensors",
            out_log=folder / "training_log.csv",
            device="cpu",
            threads=1,
        )
        return folder / "map.safetensors"

    def train_gender(self, folder: Path, seed: int = 0, **options: object) -> Path:
        """Train a gender map; returns its file."""
        settings = concept_settings("gender", **options)
        train_concept_map(
            self.config,
            settings,
            seed,
            gender_pairs=self.pairs(settings.preference),
            images=self.layout.images("people"),
            classes=self.layout.classes("people"),
            out_map=folder / "map.safetensors",
            out_log=folder / "training_log.csv",
            device="cpu",
            threads=1,
        )
        return folder / "map.safetensors"


def write_concept_run(folder: Path) -> ConceptRun:
    """Render, attack, pair and embed; 24 training pictures of animals, 120 pictures of people."""
    root = write_tiny_world(folder / "world", {"people": PEOPLE})
    values = tiny_config(root, zero_shot=["food"], bias=["people"]).model_dump()
    words = "cat dog polar bear owl egg hot dog pear man woman person cook judge pilot farmer running walking"
    base = folder / "base.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        shape = EmojiClipShape(vocabulary=vocabulary_of([f"a photo of a {words}."]), **SHAPE)
        save_emoji_clip(base, EmojiClip(shape))
    values |= {"experiment": "tiny", "model": {"weights": str(base)}}
    values["evaluation"] = {"batch_size": 32, "bootstrap_samples": 50}
    config = Config.model_validate(values)
    run = ConceptRun(config, RunFiles(str(folder / "results")))
    layout = run.layout
    for dataset, images in (("animals", 8), ("food", 8), ("people", 120)):
        sized = Config.model_validate({**values, "data": {**values["data"], "test_images": images}})
        clean = (layout.images(dataset), layout.manifest(dataset), layout.classes(dataset))
        build_manifest(sized, dataset, *clean)
        attacked = (layout.attacked_images(dataset), layout.attacked_manifest(dataset))
        synthesise_attacks(clean[1], clean[0], clean[2], *attacked, SIZE_RANGE)
    build_pairs(layout.manifest("animals"), layout.attacked_manifest("animals"), layout.preferences("animals"))
    for preference in ("factual", "reversed", "neutral"):
        gender_pairs(layout.manifest("people"), layout.classes("people"), run.pairs(preference), preference)
    cache_reference(
        config,
        layout.preferences("animals"),
        layout.images("animals"),
        layout.attacked_images("animals"),
        layout.reference("emoji-clip", "animals"),
        device="cpu",
        threads=1,
    )
    return run
