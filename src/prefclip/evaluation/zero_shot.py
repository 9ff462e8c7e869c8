"""The evaluation stage: zero-shot scores of one model on clean and typographic images of every data set."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.config import Config
from prefclip.datasets.class_lists import ClassList, read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.errors import PrefclipError
from prefclip.evaluation.long_form import write_predictions
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
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
CHECKPOINT_FILES = {RAW: "model.safetensors", AVERAGED: "averaged.safetensors"}


class EvaluationError(PrefclipError):
    """A method, checkpoint or data set that cannot be evaluated."""


class ImageSet(NamedTuple):
    """The images of one data set that are scored; real photographs are of one kind, and the other is None.

    ``clean``, ``attacked``: their rows of the two manifests, in manifest order. ``clean_images``, ``attacked_images``:
    all images of the data set, memory-mapped uint8 (N, H, W, 3).
    """

    dataset: str
    classes: ClassList
    clean: pd.DataFrame | None
    attacked: pd.DataFrame | None
    clean_images: NDArray[np.uint8] | None
    attacked_images: NDArray[np.uint8] | None

    def part(self, images: str) -> tuple[pd.DataFrame, NDArray[np.uint8]]:
        """Manifest rows and pixels of the clean or the typographic images."""
        return (self.clean, self.clean_images) if images == CLEAN else (self.attacked, self.attacked_images)


def evaluate(
    config: Config,
    method: str,
    seed: int,
    checkpoint: str | Path | None,
    files: RunFiles,
    out_predictions: str | Path,
    *,
    threads: int | None = None,
) -> None:
    """Score the data sets that ``config`` names for it with each weights of one run; write the predictions.

    ``checkpoint``: the run's folder with model.safetensors (raw) and, where the method averages, averaged.safetensors;
    None for the untouched ``clip``. ``files``: the run whose images are scored. Every test image is scored once by each
    weights, in fp32; the reference of the retention KL is the untouched model of ``config``. The same number of CPU
    ``threads`` gives the same bytes, whatever the number of processes.
    Raises EvaluationError for an unknown method or a checkpoint that is missing or not wanted.
    """
    variants = checkpoint_files(config, method, checkpoint)
    sets = [read_image_set(config, dataset, files, "test") for dataset in config.scored_datasets(method, seed)]
    parts = []
    with joined_processes() as processes, torch.inference_mode(), declared_numerics("fp32", threads):
        loaded = load_model(config.model, processes.device)
        texts = {chosen.dataset: text_features(loaded, chosen.classes) for chosen in sets}
        reference = {
            chosen.dataset: _logits(loaded, texts, chosen, CLEAN, config, config.model.weights)
            for chosen in sets
            if chosen.clean is not None
        }
        for weights, path in variants.items():
            if path is not None and load_checkpoint(loaded, path)["trainable"] == "all":
                texts = {chosen.dataset: text_features(loaded, chosen.classes) for chosen in sets}
            for chosen in sets:
                if chosen.clean is not None:
                    untouched = reference[chosen.dataset]
                    clean = untouched if path is None else _logits(loaded, texts, chosen, CLEAN, config, path)
                    parts.append(_rows(chosen, weights, CLEAN, clean, retention_kl(untouched, clean)))
                if chosen.attacked is not None:
                    typographic = _logits(loaded, texts, chosen, TYPOGRAPHIC, config, path or config.model.weights)
                    parts.append(_rows(chosen, weights, TYPOGRAPHIC, typographic, None))
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


def read_image_set(config: Config, dataset: str, files: RunFiles, split: str) -> ImageSet:
    """Open one data set and check that class list, manifests and images belong together.

    Raises EvaluationError naming the file that does not fit.
    """
    names = read_classes(files.classes(dataset))
    manifest_path = files.manifest(dataset)
    clean = select_images(read_manifest(manifest_path), dataset, split, config.evaluation)
    clean_images = open_images(files.images(dataset))
    if dataset in config.data.real:
        # A written word that is no candidate has the label -1: no answer can be it.
        _check_rows(manifest_path, clean, clean_images, names, {"label": 0, "word_label": -1})
        if image_kinds(config, dataset) == (CLEAN,):
            return ImageSet(dataset, names, clean, None, clean_images, None)
        return ImageSet(dataset, names, None, clean.assign(attacked_id=clean["id"]), None, clean_images)
    attacked_path = files.attacked_manifest(dataset)
    attacked = select_attacked(read_attacked_manifest(attacked_path), clean, dataset)
    attacked_images = open_images(files.attacked_images(dataset))
    _check_rows(manifest_path, clean, clean_images, names, {"label": 0})
    _check_rows(attacked_path, attacked, attacked_images, names, {"label": 0, "word_label": 0})
    return ImageSet(dataset, names, clean, attacked, clean_images, attacked_images)


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
    loaded: LoadedModel, texts: dict[str, Tensor], chosen: ImageSet, images: str, config: Config, origin: str | Path
) -> Tensor:
    rows, pixels = chosen.part(images)
    try:
        return class_logits(loaded, texts[chosen.dataset], pixels, rows["row"].to_numpy(), config.evaluation.batch_size)
    except ScoringError as error:
        raise ScoringError(f"{origin}: on {images} images of {chosen.dataset}, {error}") from error


def _rows(chosen: ImageSet, weights: str, images: str, logits: Tensor, retention: Tensor | None) -> pd.DataFrame:
    """Predictions (columns of PREDICTIONS) of one data set's clean or typographic images."""
    manifest, _ = chosen.part(images)
    rows = predictions_of(logits, manifest["label"].to_numpy())
    return rows.assign(
        weights=weights,
        dataset=chosen.dataset,
        images=images,
        id=manifest["id" if images == CLEAN else "attacked_id"].to_numpy(),
        clean_id=manifest["id"].to_numpy(),
        label=manifest["label"].to_numpy(),
        word_label=-1 if images == CLEAN else manifest["word_label"].to_numpy(),
        retention_kl=np.nan if retention is None else retention.numpy(),
    )
