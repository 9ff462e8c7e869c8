"""A run with real pictures and made-up answers: what an evaluation and a training could have written."""

from pathlib import Path

import numpy as np
import pandas as pd
from made_up_embeddings import write_embeddings

from prefclip.attacks.attacked_manifest import read_attacked_manifest, read_ink_manifest
from prefclip.attacks.ink import draw_ink_twins
from prefclip.attacks.synthesis import synthesise_attacks
from prefclip.config import Config
from prefclip.datasets.build import build_manifest
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.manifest import read_manifest
from prefclip.evaluation.long_form import write_predictions
from prefclip.evaluation.metrics import kind_and_condition
from prefclip.evaluation.selection import image_kinds, select_attacked
from prefclip.evaluation.zero_shot import IDS
from prefclip.files import write_text
from prefclip.run.files import RunFiles
from prefclip.run.plan import method_runs, sweep_runs
from prefclip.seeds import generator_for
from prefclip.training.training_log import TrainingLog

METHODS = {
    "ce": {"objective": "ce", "averaging": False},
    "ce_kl": {"objective": "ce_kl"},
    "dpo": {"objective": "dpo"},
    "ipo": {"objective": "ipo"},
    "kto": {"objective": "kto"},
}
# Clean and typographic accuracy on the training set and elsewhere, share called by the word, median KL.
TENDENCIES = {
    "clip": (0.95, 0.90, 0.26, 0.28, 0.42, 0.0),
    "ce": (0.94, 0.70, 0.78, 0.45, 0.02, 0.9),
    "ce_kl": (0.95, 0.86, 0.76, 0.55, 0.02, 0.12),
    "dpo": (0.955, 0.87, 0.74, 0.60, 0.04, 0.06),
    "ipo": (0.94, 0.84, 0.72, 0.52, 0.03, 0.10),
    "kto": (0.95, 0.86, 0.77, 0.57, 0.02, 0.08),
}


def synthetic_config(root: Path, **changes: object) -> Config:
    data = {"root": str(root), "train_images": 8, "validation_images": 4, "test_images": 40, "scenes": 40}
    changes = {"evaluation": {"bootstrap_samples": 200}, "attack": {"conditions": ["painted", "slip"]}, **changes}
    data |= {"zero_shot": ["food"], "bias": ["people"], **changes.pop("data", {})}
    return Config.model_validate(
        {"experiment": "made-up", "data": data, "methods": METHODS, "seeds": [0, 1, 2], **changes}
    )


def write_synthetic_run(folder: Path, config: Config, steps: int = 60) -> RunFiles:
    """Write config, images, manifests, predictions and training logs below ``folder``."""
    layout = RunFiles(str(folder))
    write_text(layout.config, config.model_dump_json(indent=2) + "\n")
    for dataset in config.datasets:
        build_manifest(config, dataset, layout.images(dataset), layout.manifest(dataset), layout.classes(dataset))
        _attack(layout, config, dataset)
        draw_ink_twins(
            dataset,
            layout.attacked_manifest(dataset),
            layout.images(dataset),
            layout.ink_images(dataset),
            layout.ink_manifest(dataset),
            config.attack.ink,
            ("test",),
        )
    for method in TENDENCIES:
        for seed in (0,) if method == "clip" else config.seeds:
            write_answers(layout, config, method, seed)
            if method != "clip":
                write_log(layout, config, method, seed, steps)
    write_all_embeddings(layout, config)
    for _, method, seed in sweep_runs(config)[len(method_runs(config)) :]:
        write_answers(layout, config, method, seed)
    return layout


def _attack(layout: RunFiles, config: Config, dataset: str) -> None:
    synthesise_attacks(
        layout.manifest(dataset),
        layout.images(dataset),
        layout.classes(dataset),
        layout.attacked_images(dataset),
        layout.attacked_manifest(dataset),
        (config.attack.smallest_size, config.attack.largest_size),
        config.attack.variants,
        test_conditions=config.attack_conditions(dataset),
    )


def write_validation(layout: RunFiles, config: Config) -> None:
    """Write what a search for settings is chosen by: config, validation pictures' manifests and made-up answers."""
    write_text(layout.config, config.model_dump_json(indent=2) + "\n")
    for dataset in config.object_datasets:
        build_manifest(config, dataset, layout.images(dataset), layout.manifest(dataset), layout.classes(dataset))
        _attack(layout, config, dataset)
    for method in ("clip", *(trial.name for trial in config.trials)):
        parts = []
        for dataset in config.object_datasets:
            manifest = read_manifest(layout.manifest(dataset))
            attacked = read_attacked_manifest(layout.attacked_manifest(dataset))
            for kind, rows in (("clean", manifest), ("typographic", attacked)):
                rows = rows[rows["split"] == "validation"]
                names = read_classes(layout.classes(dataset)).names
                weights = "raw" if method == "clip" or method.startswith("ce-") else "averaged"
                answers = _answers(config, method, 0, weights, dataset, kind, rows, len(names))
                parts.append(answers.assign(cluster=manifest.set_index("id")["cluster"].loc[rows["id"]].to_numpy()))
        write_predictions(pd.concat(parts, ignore_index=True), layout.validation(config.model.key, method, 0))


def write_answers(layout: RunFiles, config: Config, method: str, seed: int) -> None:
    averaging = method != "clip" and config.every_method[method].averaging
    parts = []
    for weights in ("raw", "averaged") if averaging else ("raw",):
        for dataset in config.scored_datasets(method, seed):
            manifest = read_manifest(layout.manifest(dataset))
            manifest = manifest[manifest["split"] == "test"]
            read = {"typographic": (read_attacked_manifest, layout.attacked_manifest)}
            read["ink"] = (read_ink_manifest, layout.ink_manifest)
            rows_of = {kind: read_rows(path(dataset)) for kind, (read_rows, path) in read.items()}
            names = read_classes(layout.classes(dataset)).names
            clusters = manifest.set_index("id")["cluster"]
            for images in image_kinds(config, dataset):
                kind, condition = kind_and_condition(images)
                rows = manifest if kind == "clean" else select_attacked(rows_of[kind], manifest, dataset, condition)
                answers = _answers(config, method, seed, weights, dataset, images, rows, len(names))
                parts.append(answers.assign(cluster=clusters.loc[rows["id"]].to_numpy()))
    write_predictions(pd.concat(parts, ignore_index=True), layout.predictions(config.model.key, method, seed))


def _answers(config, method, seed, weights, dataset, images, rows, classes) -> pd.DataFrame:
    kind = kind_and_condition(images)[0]
    trained = dataset == config.data.train
    varied = (*config.grid_points, *config.trials)
    main = next((point.method for point in varied if point.name == method), method)
    clean_in, clean_out, attacked_in, attacked_out, by_word, distance = TENDENCIES[main]
    difficulty = generator_for(dataset, images, "difficulty").random(len(rows))  # the same for all methods
    noise = generator_for(method, seed, weights, dataset, images)
    shares = {"clean": (clean_out, clean_in), "typographic": (attacked_out, attacked_in)}
    shares["ink"] = ((clean_out + attacked_out) / 2, (clean_in + attacked_in) / 2)
    share = shares[kind][trained]
    share += noise.normal(0, 0.008) + generator_for(dataset).normal(0, 0.04) - (0.015 if weights == "raw" else 0)
    right = difficulty + noise.normal(0, 0.03, len(rows)) < share
    label = rows["label"].to_numpy()
    word = np.full(len(rows), -1) if kind == "clean" else rows["word_label"].to_numpy()
    other = (label + noise.integers(1, classes, len(rows))) % classes
    by_word = by_word if kind == "typographic" else 0.02
    called = (noise.random(len(rows)) < by_word / max(1e-9, 1 - share)) & (word >= 0)
    predicted = np.where(right, label, np.where(called, word, other))
    second = np.where(predicted == label, np.where(word >= 0, word, (label + 1) % classes), label)
    third = np.array([min(set(range(classes)) - {a, b}) for a, b in zip(predicted, second, strict=True)])
    best = noise.beta(5, 2, len(rows)) * 0.6 + 0.39
    rest = noise.beta(4, 2, len(rows))
    spread = noise.lognormal(np.log(max(distance, 1e-12)), 1.4, len(rows)) if distance else np.zeros(len(rows))
    return pd.DataFrame(
        {
            "weights": weights,
            "dataset": dataset,
            "images": images,
            "id": rows[IDS[kind]].to_numpy(),
            "clean_id": rows["id"].to_numpy(),
            "label": label,
            "predicted": predicted,
            "second": second,
            "third": third,
            "word_label": word,
            "probability_true": np.where(right, best, (1 - best) * rest),
            "probability_predicted": best,
            "probability_second": (1 - best) * rest,
            "probability_third": (1 - best) * (1 - rest) * 0.7,
            "retention_kl": spread * (0.5 if trained else 1.0) if kind == "clean" else np.nan,
        }
    )


def write_log(layout: RunFiles, config: Config, method: str, seed: int, steps: int) -> None:
    noise = generator_for(method, seed, "log")
    log = TrainingLog()
    target = {"ce": 9, "ce_kl": 8, "dpo": 7, "ipo": 10, "kto": 8}[method]
    for step in range(1, steps + 1):
        progress = 1 - np.exp(-4 * step / steps)
        margin = target * progress + noise.normal(0, 0.4)
        true, written = 0.35 * margin, -0.65 * margin
        kl = TENDENCIES[method][5] * progress * np.exp(noise.normal(0, 0.15)) + 1e-5
        preference = {"ipo": (margin - 10) ** 2}.get(method, np.exp(-0.35 * margin) + abs(noise.normal(0, 0.01)))
        regulariser = float("nan") if method == "ce" else kl
        terms = [preference + (0 if method == "ce" else kl), preference, regulariser, margin, true, written]
        if method == "ce":
            terms[3:] = [float("nan")] * 3
        log.add(step, terms, 1e-3 * np.sin(np.pi * step / steps), 900 + noise.normal(0, 20))
    log.write(layout.checkpoint_folder(config.model.key, method, seed))


def write_all_embeddings(layout: RunFiles, config: Config) -> None:
    """Write the embeddings of every method."""
    dataset = config.data.train
    clean = read_manifest(layout.manifest(dataset))
    clean = clean[clean["split"] == "test"]
    words = select_attacked(read_attacked_manifest(layout.attacked_manifest(dataset)), clean, dataset)
    labels = [words.set_index("id").loc[clean["id"], name].to_numpy() for name in ("label", "word_label")]
    classes = len(read_classes(layout.classes(dataset)).names)
    for method in ("clip", *config.methods):
        write_embeddings(layout, config, method, dataset, list(clean["id"]), *labels, classes)
