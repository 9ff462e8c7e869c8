"""Reading against seeing: what the powers of a map do to accuracy on the object and on the written word.

Rows whose t is NaN are the untouched CLIP without any map, which a shared square map is at t = 0.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from prefclip.config import ZERO_SHOT_MEAN, Config
from prefclip.config.analyses import ConceptConfig
from prefclip.datasets.class_lists import read_classes
from prefclip.evaluation.concept_table import TEST, WORDS, ConceptRows, Draws, Place
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.evaluation.recall import RANKS, image_recall, text_recall
from prefclip.evaluation.words_alone import words_alone
from prefclip.evaluation.zero_shot import ScoredSet, read_scored_set
from prefclip.models.concept_head import ConceptHead, load_concept_head
from prefclip.models.concept_powers import ConceptPowers
from prefclip.models.image_tower import embed_images
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.text_features import text_features
from prefclip.run.files import RunFiles
from prefclip.training.numerics import declared_numerics

UNTOUCHED = math.nan


@dataclass(frozen=True)
class OpenedMap:
    """A trained map beside its base model."""

    loaded: LoadedModel
    head: ConceptHead
    powers: ConceptPowers
    scale: float

    @classmethod
    def open(cls, config: Config, settings: ConceptConfig, path: str | Path, device: str) -> "OpenedMap":
        """Load both and check that they belong together.

        Raises ModelError, TensorFileError or ConceptHeadError naming the file.
        """
        loaded = load_model(config.model, device)
        head, _ = load_concept_head(path, loaded.weights_sha256)
        scale = float(loaded.model.logit_scale.detach().exp())
        return cls(loaded, head, ConceptPowers(head, settings.floor), scale)

    def logits(self, images: Tensor, texts: Tensor, scales: Iterable[float]) -> Iterator[tuple[float, Tensor]]:
        """Yield t and logits (N, K) float64: of the untouched CLIP first (t = NaN), then of each t in ``scales``."""
        yield math.nan, self.scale * images.double().cpu() @ texts.double().cpu().T
        similarity = self.powers.between(images, texts, self.scale)
        for t in scales:
            yield t, similarity.logits(t)


def sweep_reading(
    config: Config,
    settings: ConceptConfig,
    name: str,
    seed: int,
    *,
    concept_map: str | Path,
    files: RunFiles,
    out_sweep: str | Path,
    threads: int | None = None,
    device: str = "auto",
) -> None:
    """Score every data set of the run at every t of ``settings.scales``; writes a CONCEPT_TABLE.

    Metrics: ``accuracy`` on clean and on typographic images (seeing), ``text_confusion``, the share called by the
    written word (reading), and ``object_over_word``, the share where the object's name beats the word's, whatever else
    there is; ``image_recall@k`` and ``text_recall@k`` (`evaluation.recall`) on clean images. ``accuracy`` on pictures
    of a word alone is reading where there is nothing to see (the paper's OCR).
    ``floored_values`` counts the singular values that the floor raised. ``files``: the run with the images.

    Raises PrefclipError naming the file or key.
    """
    with torch.inference_mode(), declared_numerics("fp32", threads):
        opened = OpenedMap.open(config, settings, concept_map, device)
        rows = ConceptRows(config.model.key, name, settings.concept, seed, config.evaluation)
        add_accuracies(rows, opened, config, files, settings.scales, config.attacked_datasets, (CLEAN, TYPOGRAPHIC))
        add_words_alone(rows, opened, config, files, settings.scales)
        add_floor_rows(rows, opened.powers, settings.scales, config.data.train)
    rows.write(out_sweep)


def add_accuracies(
    rows: ConceptRows,
    opened: OpenedMap,
    config: Config,
    files: RunFiles,
    scales: Iterable[float],
    datasets: Sequence[str],
    kinds: Sequence[str],
) -> None:
    """Add the metrics of data sets and of the mean over the zero-shot sets among them, on images of some kinds."""
    found: dict[tuple, list[Draws]] = {}
    for dataset in datasets:
        chosen = read_scored_set(config, dataset, files, TEST, kinds)
        texts = text_features(opened.loaded, chosen.classes)
        for kind in kinds:
            for t, metric, drawn in _reading_rows(
                rows, opened, chosen, kind, texts, scales, config.evaluation.batch_size
            ):
                if dataset in config.data.zero_shot:
                    found.setdefault((kind, t, metric), []).append(drawn)
    _add_means(rows, found)


def add_words_alone(
    rows: ConceptRows, opened: OpenedMap, config: Config, files: RunFiles, scales: Iterable[float]
) -> None:
    """Add the share of pictures of a word alone that are called by it, for the class names of each set of objects."""
    found: dict[tuple, list[Draws]] = {}
    sizes = config.attack.smallest_size, config.attack.largest_size
    for dataset in config.object_datasets:
        classes = read_classes(files.classes(dataset))
        pixels, label = words_alone(classes.names, dataset, config.model.image_size, sizes, config.reading.max_images)
        embedded = embed_images(opened.loaded, pixels, config.evaluation.batch_size)
        for t, logits in opened.logits(embedded, text_features(opened.loaded, classes), scales):
            right = logits.numpy().argmax(axis=1) == label
            drawn = rows.mean(Place(dataset, WORDS, TEST), t, "accuracy", right, label)
            if dataset in config.data.zero_shot:
                found.setdefault((WORDS, UNTOUCHED if math.isnan(t) else t, "accuracy"), []).append(drawn)
    _add_means(rows, found)


def _add_means(rows: ConceptRows, found: dict[tuple, list[Draws]]) -> None:
    """Add the means over the zero-shot sets, by kind of images, t and metric."""
    for (kind, t, metric), parts in found.items():
        rows.mean_of(Place(ZERO_SHOT_MEAN, kind, TEST), t, metric, parts)


def _reading_rows(
    rows: ConceptRows,
    opened: OpenedMap,
    chosen: ScoredSet,
    images: str,
    texts: Tensor,
    scales: Iterable[float],
    batch_size: int,
) -> Iterator[tuple[float, str, Draws]]:
    """Add the metrics of one data set's images of a kind at every t; yield what their means are made of.

    Recall of captions has an interval over captions, everything else over drawings.
    """
    manifest, pixels = chosen.parts[images]
    embedded = embed_images(opened.loaded, pixels, batch_size, manifest["row"].to_numpy(np.int64))
    label = manifest["label"].to_numpy(np.int64)
    place = Place(chosen.dataset, images, TEST)
    groups = chosen.clusters(images)
    for t, tensor in opened.logits(embedded, texts, scales):
        logits = tensor.numpy()
        predicted = logits.argmax(axis=1)
        measured = {"accuracy": predicted == label}
        if images == TYPOGRAPHIC:
            written = manifest["word_label"].to_numpy(np.int64)
            image = np.arange(len(label))
            measured["text_confusion"] = predicted == written
            measured["object_over_word"] = logits[image, label] > logits[image, written]
        # The untouched CLIP's t is NaN, which equals nothing.
        shown = UNTOUCHED if math.isnan(t) else t
        if images == CLEAN:
            measured |= {f"image_recall@{k}": image_recall(logits, label, k) for k in RANKS}
            for k in RANKS:
                found = rows.mean(place, t, f"text_recall@{k}", text_recall(logits, label, k))
                yield shown, f"text_recall@{k}", found
        for metric, values in measured.items():
            yield shown, metric, rows.mean(place, t, metric, values, groups)


def add_floor_rows(rows: ConceptRows, powers: ConceptPowers, scales: Iterable[float], dataset: str) -> None:
    """Say at every t how many of the map's singular values the floor raised."""
    values = len(powers.image.values) * (2 if powers.separate else 1)
    for t in scales:
        rows.number(Place(dataset, "none", "none"), t, "floored_values", powers.floored(t), values)
