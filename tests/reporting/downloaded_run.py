"""Made-up answers of a run on downloaded data sets, and made-up photographs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from made_up_embeddings import write_embeddings

from prefclip.config import Config
from prefclip.datasets.class_lists import ClassList, write_classes
from prefclip.datasets.parquet_tables import write_table
from prefclip.evaluation.long_form import write_predictions
from prefclip.evaluation.selection import image_kinds
from prefclip.files import write_text
from prefclip.run.files import RunFiles
from prefclip.run.plan import method_runs
from prefclip.seeds import generator_for

REAL = ["disentangling", "rta100", "noscam"]
CLASSES = 20
UNLISTED = 12  # words of Disentangling's photographs that are no candidates


def downloaded_config(**changes: object) -> Config:
    data = {"source": "downloaded", "root": "data", "train": "imagenet100", "bias": [], "real": REAL}
    data |= {"zero_shot": ["food101", "dtd"], **changes.pop("data", {})}
    model = {"name": "ViT-B-32-quickgelu", "weights": "openai", "image_size": 224}
    methods = {"ce": {"objective": "ce", "averaging": False}, "dpo": {"objective": "dpo"}}
    values = {"experiment": "made-up", "data": data, "model": model, "methods": methods, "seeds": [0, 1]}
    return Config.model_validate({**values, "evaluation": {"bootstrap_samples": 100}, **changes})


def write_downloaded_run(folder: Path, config: Config, count: int = 60, share: float = 0.7) -> RunFiles:
    """Write config and predictions below ``folder``; ``share`` of the answers are right."""
    layout = RunFiles(str(folder))
    write_text(layout.config, config.model_dump_json())
    for model, method, seed in method_runs(config):
        averaging = method != "clip" and config.methods[method].averaging
        parts = [
            answers(dataset, images, count, share, (method, seed, weights)).assign(weights=weights)
            for weights in (("raw", "averaged") if averaging else ("raw",))
            for dataset in config.datasets
            for images in image_kinds(config, dataset)
        ]
        write_predictions(pd.concat(parts, ignore_index=True), layout.predictions(model, method, seed))
    label = np.arange(count) % CLASSES
    write_manifest(layout, config.data.train, label, [f"thing {place:02}" for place in range(CLASSES)])
    for method in ("clip", *config.methods):
        pictures = (config.data.train, [f"{config.data.train}-{place:03}" for place in range(count)])
        write_embeddings(layout, config, method, *pictures, label, (label + 1) % CLASSES, CLASSES)
    return layout


def write_manifest(layout: RunFiles, dataset: str, label: np.ndarray, names: list[str]) -> None:
    """Write a manifest of photographs."""
    count = len(label)
    manifest = pd.DataFrame({"id": [f"{dataset}-{place:03}" for place in range(count)], "row": range(count)})
    manifest = manifest.assign(sha256="", split="test", label=label, name=[names[each] for each in label])
    write_table(layout.manifest(dataset), pa.Table.from_pandas(manifest, preserve_index=False))


def write_photographs(config: Config, layout: RunFiles, count: int = 60) -> None:
    """Write images, manifest and classes of the real sets, that fit the answers."""
    names = [f"thing {place:02}" for place in range(CLASSES)]
    for dataset in config.data.real:
        pixels = generator_for(dataset, "pixels").integers(0, 256, (count, 32, 32, 3), np.uint8)
        Path(layout.images(dataset)).parent.mkdir(parents=True, exist_ok=True)
        np.save(layout.images(dataset), pixels)
        write_manifest(layout, dataset, np.arange(count) % CLASSES, names)
        write_classes(layout.classes(dataset), ClassList(dataset, "real", tuple(names), "a photo of a {}."))


def answers(dataset: str, images: str, count: int, share: float, run: tuple) -> pd.DataFrame:
    noise = generator_for(dataset, images, *map(str, run))
    ids = [f"{dataset}-{place:03}" for place in range(count)]
    label = np.arange(count) % CLASSES
    word = (label + 1) % CLASSES
    wrong = np.where(noise.random(count) < 0.5, word, (label + 2) % CLASSES)
    predicted = np.where(noise.random(count) < share, label, wrong)
    if dataset == "disentangling":
        word[:UNLISTED] = -1
    return pd.DataFrame(
        {
            "dataset": dataset,
            "images": images,
            "id": ids,
            "clean_id": ids,
            "cluster": ids,
            "label": label,
            "predicted": predicted,
            "second": (predicted + 1) % CLASSES,
            "third": (predicted + 2) % CLASSES,
            "word_label": -1 if images == "clean" else word,
            "probability_true": 0.5,
            "probability_predicted": 0.5,
            "probability_second": 0.2,
            "probability_third": 0.1,
            "retention_kl": noise.exponential(0.1, count) if images == "clean" else np.nan,
        }
    )
