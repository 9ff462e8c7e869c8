"""A world of a few coloured discs in the layout of resources/embedded, and the stages' files made from it."""

import io
import itertools
from pathlib import Path

import pandas as pd
import pyarrow as pa
import yaml
from PIL import Image, ImageDraw

from prefclip.attacks.synthesis import synthesise_attacks
from prefclip.config import Config
from prefclip.datasets.build import build_manifest
from prefclip.datasets.parquet_tables import write_table

CLASSES = {
    "animals": ["cat", "dog", "polar bear", "owl"],
    "food": ["egg", "hot dog", "pear"],
    "people": {"occupations": ["cook", "judge"], "activities": ["running"]},
}
STYLES = ("twemoji", "noto", "fluent-flat")  # the last one is held out
GENDERS = ("person", "man", "woman")
TONES = ("default", "light", "dark")
SIZE_RANGE = (9, 14)


def write_tiny_world(folder: Path, classes: dict | None = None) -> Path:
    """Write classes.yaml and emoji.parquet; class lists of ``classes`` replace those of CLASSES."""
    listed = {**CLASSES, **(classes or {})}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "classes.yaml").write_text(yaml.safe_dump(listed, sort_keys=False))
    rows = []
    for dataset, names in listed.items():
        if dataset == "people":
            for kind, concepts in names.items():
                for concept, gender, tone, style in itertools.product(concepts, GENDERS, TONES, STYLES):
                    rows.append((dataset, kind, concept, gender, tone, style))
        else:
            for name, style in itertools.product(names, STYLES):
                rows.append((dataset, "object", str(name), "", "default", style))
    sources = pd.DataFrame(rows, columns=["dataset", "kind", "concept", "gender", "tone", "style"])
    sources["codepoints"] = [f"{index:04x}" for index in range(len(sources))]
    sources["webp"] = [_disc(index) for index in range(len(sources))]
    write_table(folder / "emoji.parquet", pa.Table.from_pandas(sources, preserve_index=False))
    return folder


def _disc(index: int) -> bytes:
    image = Image.new("RGBA", (16, 16))
    ImageDraw.Draw(image).ellipse((1, 1, 14, 14), fill=(index * 53 % 256, index * 29 % 256, index * 7 % 256, 255))
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", lossless=True)
    return buffer.getvalue()


def tiny_config(root: Path, **data: object) -> Config:
    """A configuration of that world: 24 + 6 + 8 images of 64 px."""
    sizes = {"train_images": 24, "validation_images": 6, "test_images": 8}
    return Config.model_validate({"data": {"root": str(root), **sizes, **data}, "methods": {}})


class TinyRun:
    """Files of one data set, made on demand in ``folder``."""

    def __init__(self, folder: Path, config: Config, dataset: str = "animals"):
        self.folder, self.config, self.dataset = folder, config, dataset
        self.images, self.manifest = folder / f"{dataset}.npy", folder / f"{dataset}.parquet"
        self.classes = folder / f"{dataset}.json"
        self.attacked_images = folder / f"{dataset}.attacked.npy"
        self.attacked_manifest = folder / f"{dataset}.attacked.parquet"

    def build(self, workers: int = 1) -> "TinyRun":
        build_manifest(self.config, self.dataset, self.images, self.manifest, self.classes, workers)
        return self

    def attack(self, **options: object) -> "TinyRun":
        settings = {"size_range": SIZE_RANGE, **options}
        synthesise_attacks(
            self.manifest, self.images, self.classes, self.attacked_images, self.attacked_manifest, **settings
        )
        return self

    def bytes(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}
