"""The evaluation stage: zero-shot scores of one model on clean and typographic images of every data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from prefclip.attacks.attacked_manifest import read_attacked_manifest, read_ink_manifest
from prefclip.config import Config
from prefclip.datasets.class_lists import ClassList, read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.errors import PrefclipError
from prefclip.evaluation.long_form import write_predictions
from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC, kind_and_condition
from prefclip.evaluation.scoring import ScoringError, class_logits, predictions_of, retention_kl
from prefclip.evaluation.selection import image_kinds, select_attacked, select_images
from prefclip.models.checkpoints import load_checkpoint
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.text_features import text_features
from prefclip.run.files import RunFiles
from prefclip.training.distributed import joined_processes
from prefclip.training.numerics import declared_numerics

RAW = "raw"
AVERAGED = "averaged"
# What an image of each kind is called.
IDS = {CLEAN: "id", INK: "ink_id", TYPOGRAPHIC: "attacked_id"}
CHECKPOINT_FILES = {RAW: "model.safetensors", AVERAGED: "averaged.safetensors"}


class EvaluationError(PrefclipError):
    """A method, checkpoint or data set that cannot be evaluated."""


class ScoredSet(NamedTuple):
    """The images of one data set that are scored.

    ``parts``: kind of images → their rows of its manifest, in manifest order, and all images of that kind, uint8
    (N, H, W, 3), memory-mapped. Real photographs are of one kind.
    """

    dataset: str
    classes: ClassList
    parts: dict[str, tuple[pd.DataFrame, NDArray[np.uint8]]]

    def clusters(self, images: str) -> NDArray:
        """What images of a kind are resampled together by: their drawing, or else the clean image."""
        clean = next(iter(self.parts.values()))[0].set_index("id")
        clusters = clean["cluster"] if "cluster" in clean else clean.index.to_series()
        return clusters.loc[self.parts[images][0]["id"]].to_numpy()


def evaluate(
    config: Config,
    method: str,
    seed: int,
    checkpoint: str | Path | None,
    files: RunFiles,
    out_predictions: str | Path,
    *,
    validation: bool = False,
    threads: int | None = None,
) -> None:
    """Score the data sets that ``config`` names for it with each weights of one run; write the predictions.

    With ``validation``, the validation pictures of the training and zero-shot sets, clean and attacked, with the
    weights that stand for the method.

    ``checkpoint``: the run's folder with model.safetensors (raw) and, where the method averages, averaged.safetensors;
    None for the untouched ``clip``. ``files``: the run whose images are scored. Every test image is scored once by each
    weights, in fp32; the reference of the retention KL is the untouched model of ``config``. The same number of CPU
    ``threads`` gives the same bytes, whatever the number of processes.
    Raises EvaluationError for an unknown method or a checkpoint that is missing or not wanted.
    """
    variants = checkpoint_files(config, method, checkpoint)
    if validation:
        variants = dict([*variants.items()][-1:])
        sets = [read_scored_set(config, dataset, files, "validation") for dataset in config.object_datasets]
    else:
        names = config.scored_datasets(method, seed)
        sets = [read_scored_set(config, dataset, files, "test", image_kinds(config, dataset)) for dataset in names]
    parts = []
    with joined_processes() as processes, torch.inference_mode(), declared_numerics("fp32", threads):
        loaded = load_model(config.model, processes.device)
        texts = {chosen.dataset: text_features(loaded, chosen.classes) for chosen in sets}
        reference = {
            chosen.dataset: _logits(loaded, texts, chosen, CLEAN, config, config.model.weights)
            for chosen in sets
            if CLEAN in chosen.parts
        }
        for weights, path in variants.items():
            if path is not None and load_checkpoint(loaded, path)["trainable"] == "all":
                texts = {chosen.dataset: text_features(loaded, chosen.classes) for chosen in sets}
            for chosen in sets:
                for images in chosen.parts:
                    untouched = reference[chosen.dataset] if images == CLEAN else None
                    if path is None and untouched is not None:
                        found = untouched
                    else:
                        found = _logits(loaded, texts, chosen, images, config, path or config.model.weights)
                    retention = None if untouched is None else retention_kl(untouched, found)
                    parts.append(_rows(chosen, weights, images, found, retention))
    if processes.is_main:
        write_predictions(pd.concat(parts, ignore_index=True), out_predictions)


def checkpoint_files(config: Config, method: str, checkpoint: str | Path | None) -> dict[str, Path | None]:
    """Weights to evaluate, raw first, with the file of each (None: the untouched model).

    Raises EvaluationError as :func:`evaluate`.
    """
    allowed = ["clip", *config.every_method]
    if method not in allowed:
        raise EvaluationError(f"unknown method {method!r}; the configuration has: {', '.join(allowed)}.")
    if method == "clip":
        if checkpoint is not None:
            raise EvaluationError(f"{checkpoint}: clip is the untouched model; leave the checkpoint out.")
        return {RAW: None}
    if checkpoint is None:
        raise EvaluationError(f"method {method!r} needs the folder of its checkpoint; `prefclip train` makes it.")
    settings = config.every_method[method]
    files = {weights: Path(checkpoint) / CHECKPOINT_FILES[weights] for weights in settings.kept_weights}
    for path in files.values():
        if not path.is_file():
            command = "train" if settings.is_trained else "derive"
            raise EvaluationError(f"{path}: no such file; `prefclip {command}` makes it for method {method!r}.")
    return files


def require_checkpoints(config: Config, method: str, files: RunFiles) -> None:
    """Raise EvaluationError unless a method's weights are there under every seed."""
    for seed in config.seeds if method != "clip" else ():
        checkpoint_files(config, method, files.checkpoint_folder(config.model.key, method, seed))


def read_scored_set(
    config: Config, dataset: str, files: RunFiles, split: str, kinds: Sequence[str] = (CLEAN, TYPOGRAPHIC)
) -> ScoredSet:
    """Open the images of some kinds of one data set and check that class list, manifests and images belong together.

    Raises EvaluationError naming the file that does not fit.
    """
    names = read_classes(files.classes(dataset))
    manifest_path = files.manifest(dataset)
    clean = select_images(read_manifest(manifest_path), dataset, split, config.evaluation)
    clean_images = open_images(files.images(dataset))
    if dataset in config.data.real:
        # A written word that is no candidate has the label -1: no answer can be it.
        _check_rows(manifest_path, clean, clean_images, names, {"label": 0, "word_label": -1})
        (kind,) = image_kinds(config, dataset)
        return ScoredSet(dataset, names, {kind: (clean.assign(attacked_id=clean["id"]), clean_images)})
    _check_rows(manifest_path, clean, clean_images, names, {"label": 0})
    parts = {CLEAN: (clean, clean_images)}
    twins = {
        TYPOGRAPHIC: (files.attacked_manifest, read_attacked_manifest, files.attacked_images),
        INK: (files.ink_manifest, read_ink_manifest, files.ink_images),
    }
    for images in [images for images in kinds if images != CLEAN]:
        kind, condition = kind_and_condition(images)
        path, read, pixels_of = twins[kind]
        rows, pixels = select_attacked(read(path(dataset)), clean, dataset, condition), open_images(pixels_of(dataset))
        _check_rows(path(dataset), rows, pixels, names, {"label": 0, "word_label": 0})
        parts[images] = (rows, pixels)
    return ScoredSet(dataset, names, parts)


def _check_rows(
    path: str, rows: pd.DataFrame, pixels: NDArray[np.uint8], classes: ClassList, smallest: dict[str, int]
) -> None:
    if rows["row"].max() >= len(pixels):
        raise EvaluationError(f"{path}: names image row {rows['row'].max()}, but there are only {len(pixels)} images.")
    for column, least in smallest.items():
        if column not in rows:
            raise EvaluationError(f"{path}: has no column {column!r}; make manifests and class list again together.")
        if rows[column].min() < least or rows[column].max() >= len(classes.names):
            raise EvaluationError(
                f"{path}: {column} must lie between {least} and {len(classes.names) - 1}, the classes of "
                f"{classes.dataset}; make manifests and class list again together."
            )


def _logits(
    loaded: LoadedModel, texts: dict[str, Tensor], chosen: ScoredSet, images: str, config: Config, origin: str | Path
) -> Tensor:
    rows, pixels = chosen.parts[images]
    try:
        return class_logits(loaded, texts[chosen.dataset], pixels, rows["row"].to_numpy(), config.evaluation.batch_size)
    except ScoringError as error:
        raise ScoringError(f"{origin}: on {images} images of {chosen.dataset}, {error}") from error


def _rows(chosen: ScoredSet, weights: str, images: str, logits: Tensor, retention: Tensor | None) -> pd.DataFrame:
    """Predictions (columns of PREDICTIONS) of one kind of images of one data set."""
    manifest, _ = chosen.parts[images]
    rows = predictions_of(logits, manifest["label"].to_numpy())
    return rows.assign(
        weights=weights,
        dataset=chosen.dataset,
        images=images,
        id=manifest[IDS[kind_and_condition(images)[0]]].to_numpy(),
        clean_id=manifest["id"].to_numpy(),
        cluster=chosen.clusters(images),
        label=manifest["label"].to_numpy(),
        word_label=-1 if images == CLEAN else manifest["word_label"].to_numpy(),
        retention_kl=np.nan if retention is None else retention.numpy(),
    )
